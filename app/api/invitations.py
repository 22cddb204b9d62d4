"""/api/assessments/{id}/invitations and /api/invitations"""
from uuid import UUID

from fastapi import APIRouter, HTTPException

from app.dependencies import Credentials, Session, current_user
from app.errors import AlreadyInvited, AssessmentCompleted, InvitationClosed, InvitationNotFound, NotFound
from app.models import Invitation
from app.schemas import InvitationCreate, InvitationRead, InvitationToken
from app.services import invitation_service

router = APIRouter(tags=["invitations"])


@router.post("/assessments/{assessment_id}/invitations", response_model=InvitationRead, status_code=201)
async def invite(
    assessment_id: UUID, data: InvitationCreate, credentials: Credentials, session: Session
) -> Invitation:
    user = await current_user(credentials, session)
    try:
        return await invitation_service.invite(
            assessment_id=assessment_id, email=data.email, user=user, session=session
        )
    except NotFound as error:
        raise HTTPException(404, str(error)) from error
    except (AlreadyInvited, AssessmentCompleted) as error:
        raise HTTPException(409, str(error)) from error


@router.get("/assessments/{assessment_id}/invitations", response_model=list[InvitationRead])
async def list_invitations(
    assessment_id: UUID, credentials: Credentials, session: Session
) -> list[Invitation]:
    user = await current_user(credentials, session)
    try:
        return await invitation_service.list_invitations(
            assessment_id=assessment_id, user=user, session=session
        )
    except NotFound as error:
        raise HTTPException(404, str(error)) from error


@router.post("/invitations/accept", response_model=InvitationRead)
async def accept_invitation(data: InvitationToken, credentials: Credentials, session: Session) -> Invitation:
    """The answer names the assessment, which is what the guest needs to get its questions."""
    user = await current_user(credentials, session)
    try:
        return await invitation_service.accept_invitation(token=data.token, user=user, session=session)
    except InvitationNotFound as error:
        raise HTTPException(404, str(error)) from error
    except InvitationClosed as error:
        raise HTTPException(410, str(error)) from error


@router.delete("/invitations/{invitation_id}", status_code=204)
async def revoke_invitation(invitation_id: UUID, credentials: Credentials, session: Session) -> None:
    user = await current_user(credentials, session)
    try:
        await invitation_service.revoke_invitation(invitation_id=invitation_id, user=user, session=session)
    except InvitationNotFound as error:
        raise HTTPException(404, str(error)) from error
    except InvitationClosed as error:
        raise HTTPException(410, str(error)) from error
