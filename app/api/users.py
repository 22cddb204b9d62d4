"""/api/users"""
from fastapi import APIRouter, HTTPException

from app.dependencies import Session
from app.errors import EmailTaken
from app.models import User
from app.schemas import UserCreate, UserRead
from app.services import user_service

router = APIRouter(prefix="/users", tags=["users"])


@router.get("", response_model=list[UserRead])
async def list_users(session: Session) -> list[User]:
    return await user_service.list_users(session)


@router.post("", response_model=UserRead, status_code=201)
async def create_user(data: UserCreate, session: Session) -> User:
    try:
        return await user_service.create_user(email=data.email, session=session)
    except EmailTaken as error:
        raise HTTPException(409, str(error)) from error
