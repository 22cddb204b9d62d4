"""What goes in and out over HTTP. A `…Read` lists the fields that a client may see, and no other."""
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.question_bank import SKILL_AREAS


class UserCreate(BaseModel):
    email: str = Field(max_length=320, pattern=r"^\s*[^@\s]+@[^@\s]+\s*$")


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    created_at: datetime


class AssessmentCreate(BaseModel):
    title: str = Field(
        min_length=1,
        max_length=200,
    )
    skill_areas: list[str] = Field(
        min_length=1,
    )

    @field_validator("title")
    @classmethod
    def title_is_not_blank(cls, title: str) -> str:
        if title.isspace():
            raise ValueError("the title is blank: give it at least one visible character")
        return title

    @field_validator("skill_areas")
    @classmethod
    def skill_areas_are_known(cls, skill_areas: list[str]) -> list[str]:
        for skill_area in skill_areas:
            if skill_area not in SKILL_AREAS:
                raise ValueError(f"unknown skill area {skill_area!r}: choose from {', '.join(SKILL_AREAS)}")
        return skill_areas

    @field_validator("skill_areas")
    @classmethod
    def skill_areas_are_distinct(cls, skill_areas: list[str]) -> list[str]:
        if len(set(skill_areas)) < len(skill_areas):
            raise ValueError("a skill area is named twice: name each once")
        return skill_areas


class AssessmentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    title: str
    skill_areas: list[str]
    status: str
    created_at: datetime
    completed_at: datetime | None


class QuestionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    skill_area: str
    text: str
    weight: int
    position: int


class AnswerCreate(BaseModel):
    # Which values are allowed is the rule of submit_answer, and is written there alone.
    value: int


class AnswerRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    question_id: UUID
    value: int


class RatingRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    assessment_id: UUID
    skill_area: str
    rating: float
    confidence: float


class InvitationCreate(UserCreate):
    """An address under the rules of signing up: who is invited will sign up with it."""


class InvitationRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    assessment_id: UUID
    email: str
    created_at: datetime
    expires_at: datetime


class InvitationToken(BaseModel):
    token: str
