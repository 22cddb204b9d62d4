"""What can go wrong in the services, in one place.

    LookupError
        NotFound              no such assessment or question
    ValueError
        EmailTaken            somebody has this address already
    Exception
        AssessmentCompleted   it was submitted and can no longer change

A plain ValueError means an argument or a state that breaks a rule; its message says which.
"""
from uuid import UUID


class NotFound(LookupError):
    """There is no row with this id."""

    def __init__(self, kind: str, row_id: UUID) -> None:
        super().__init__(f"No {kind} has the id {row_id}")


class EmailTaken(ValueError):
    """Another user has this address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is taken: sign in, or use another address")


class AssessmentCompleted(Exception):
    """The assessment was submitted: its answers and its rating are final."""

    def __init__(self, assessment_id: UUID) -> None:
        super().__init__(f"Assessment {assessment_id} is completed and can no longer change")
