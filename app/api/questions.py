"""/api/questions"""
from uuid import UUID

from fastapi import APIRouter, HTTPException

from app.dependencies import Credentials, Session, current_user
from app.errors import AssessmentCompleted, NotFound
from app.models import UserAnswer
from app.schemas import AnswerCreate, AnswerRead
from app.services import assessment_service

router = APIRouter(prefix="/questions", tags=["questions"])


@router.put("/{question_id}/answer", response_model=AnswerRead)
async def answer_question(
    question_id: UUID, data: AnswerCreate, credentials: Credentials, session: Session
) -> UserAnswer:
    """Answer, or change an answer. Open to every user who knows the id, so that peers can answer too."""
    user = await current_user(credentials, session)
    try:
        return await assessment_service.submit_answer(
            user_id=user.id, question_id=question_id, value=data.value, session=session
        )
    except NotFound as error:
        raise HTTPException(404, str(error)) from error
    except AssessmentCompleted as error:
        raise HTTPException(409, str(error)) from error
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
