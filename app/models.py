"""The tables. Every id is a UUID made in Python, so an object has its id once it is flushed.

The relationships let one flush insert rows in the order that the foreign keys want.
Load one with `selectinload` before you read it: in async code it cannot load itself (MissingGreenlet).
"""
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base

DRAFT = "draft"
COMPLETED = "completed"


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the time zone when it stores one, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


def now() -> datetime:
    """The present moment, with its time zone: without one, PostgreSQL's driver takes it for local time."""
    return datetime.now(UTC)


class User(Base):
    """Somebody who takes assessments. The address is stored stripped and in lower case."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Assessment(Base):
    """One person's assessment in one or more skill areas; "draft" until it is submitted."""

    __tablename__ = "assessments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    skill_areas: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["fundamentals"])
    status: Mapped[str] = mapped_column(String(20), default=DRAFT)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    completed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    user: Mapped[User] = relationship()


class Question(Base):
    """A question as this assessment asks it: a copy, so that a later change of the bank changes no result."""

    __tablename__ = "questions"
    __table_args__ = (CheckConstraint("weight BETWEEN 1 AND 3", name="weight_is_1_to_3"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"), index=True)
    skill_area: Mapped[str] = mapped_column(String(50))
    text: Mapped[str] = mapped_column(String(500))
    weight: Mapped[int]
    position: Mapped[int]
    assessment: Mapped[Assessment] = relationship()


class UserAnswer(Base):
    """What one person answered to one question, 1 (not at all) to 5 (fully)."""

    __tablename__ = "user_answers"
    __table_args__ = (
        UniqueConstraint("user_id", "question_id", name="one_answer_a_question"),
        CheckConstraint("value BETWEEN 1 AND 5", name="value_is_1_to_5"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    question_id: Mapped[UUID] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"), index=True)
    value: Mapped[int]
    user: Mapped[User] = relationship()
    question: Mapped[Question] = relationship()


class Rating(Base):
    """The result of one assessment, filed under its first skill area. See `app.services.rating_service`."""

    __tablename__ = "ratings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"), unique=True)
    skill_area: Mapped[str] = mapped_column(String(50))
    rating: Mapped[float]
    confidence: Mapped[float]
    assessment: Mapped[Assessment] = relationship()


class Invitation(Base):
    """One address that is asked to an assessment. See `app.services.invitation_service`."""

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(320))
    token_hash: Mapped[str] = mapped_column(String(128), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    assessment: Mapped[Assessment] = relationship()
