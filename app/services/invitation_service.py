"""Invitations: ask somebody to an assessment by e-mail, once, for 72 hours, until it is revoked.

An invitation is open until it is accepted, it is revoked or `LIFETIME` has passed; at `expires_at` sharp it has.
Then it is closed for good. Its token goes into the e-mail and nowhere else: the database keeps a hash.
"""
import hashlib
import secrets
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Base
from app.email import send_email
from app.errors import AlreadyInvited, AssessmentCompleted, InvitationClosed, InvitationNotFound, NotFound
from app.models import COMPLETED, Assessment, Invitation, User, now

LIFETIME = timedelta(hours=72)
_Row = TypeVar("_Row", bound=Base)


async def invite(*, assessment_id: UUID, email: str, user: User, session: AsyncSession) -> Invitation:
    """Store an open invitation for the stripped, lower-case address and send its token there.

    `NotFound` unless the assessment is the user's, `AssessmentCompleted`, `AlreadyInvited`: then nothing is
    stored and no e-mail goes out. An error of the e-mail reaches the caller, but the invitation stays.
    """
    assessment = await _locked(Assessment, Assessment.id == assessment_id, session)
    if assessment is None or assessment.user_id != user.id:
        raise NotFound("assessment", assessment_id)
    if assessment.status == COMPLETED:
        raise AssessmentCompleted(assessment_id)
    email = email.strip().lower()
    moment = now()
    earlier = select(Invitation).where(
        Invitation.assessment_id == assessment_id,
        Invitation.email == email,
        Invitation.revoked_at.is_(None),
        or_(Invitation.accepted_at.is_not(None), Invitation.expires_at > moment),
    )
    if (await session.scalars(earlier)).first() is not None:
        raise AlreadyInvited(email)
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        assessment_id=assessment_id,
        email=email,
        token_hash=_hash(token),
        created_at=moment,
        expires_at=moment + LIFETIME,
    )
    session.add(invitation)
    await session.commit()
    await send_email(email, f"You are invited to an assessment: {token}")
    return invitation


async def list_invitations(*, assessment_id: UUID, user: User, session: AsyncSession) -> list[Invitation]:
    """The open invitations to the user's assessment, by address; `NotFound` unless it is the user's."""
    assessment = await session.get(Assessment, assessment_id)
    if assessment is None or assessment.user_id != user.id:
        raise NotFound("assessment", assessment_id)
    invitations = await session.scalars(
        select(Invitation)
        .where(Invitation.assessment_id == assessment_id)
        .where(Invitation.accepted_at.is_(None))
        .where(Invitation.revoked_at.is_(None))
        .where(Invitation.expires_at > now())
        .order_by(Invitation.email)
    )
    return list(invitations)


async def accept_invitation(*, token: str, user: User, session: AsyncSession) -> Invitation:
    """Accept the invitation that has this token and this user's address.

    `InvitationNotFound` when there is none, `InvitationClosed` when it is not open; neither changes anything.
    """
    invitation = await _locked(Invitation, Invitation.token_hash == _hash(token), session)
    if invitation is None or invitation.email != user.email:
        raise InvitationNotFound
    _require_open(invitation)
    invitation.accepted_at = now()
    await session.commit()
    return invitation


async def revoke_invitation(*, invitation_id: UUID, user: User, session: AsyncSession) -> None:
    """Close an open invitation to one of the user's assessments.

    `InvitationNotFound` when there is none, `InvitationClosed` when it is not open; neither changes anything.
    """
    invitation = await _locked(Invitation, Invitation.id == invitation_id, session)
    if invitation is None:
        raise InvitationNotFound
    assessment = await session.get(Assessment, invitation.assessment_id)
    if assessment is None or assessment.user_id != user.id:
        raise InvitationNotFound
    _require_open(invitation)
    invitation.revoked_at = now()
    await session.commit()


def _require_open(invitation: Invitation) -> None:
    if invitation.accepted_at is not None:
        raise InvitationClosed("was accepted")
    if invitation.revoked_at is not None:
        raise InvitationClosed("was revoked")
    if now() >= invitation.expires_at:
        raise InvitationClosed("has expired")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _locked(
    model: type[_Row], condition: ColumnElement[bool], session: AsyncSession
) -> _Row | None:
    """The row as it is now. Whoever else wants to change it waits until the caller's transaction ends."""
    # An update that changes nothing is a lock on both databases: SQLite has no FOR UPDATE.
    await session.execute(
        update(model).where(condition).values(id=model.id), execution_options={"synchronize_session": False}
    )
    found = await session.scalars(select(model).where(condition).execution_options(populate_existing=True))
    return found.first()
