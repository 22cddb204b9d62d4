"""What can go wrong in the services, in one place.

    LookupError
        NotFound              no such assessment or question
        InvitationNotFound    no such invitation, or not yours
    ValueError
        EmailTaken            somebody has this address already
        AlreadyInvited        the address was asked to this assessment already
    Exception
        AssessmentCompleted   it was submitted and can no longer change
        InvitationClosed      it was accepted, revoked, or its time is over

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


class InvitationNotFound(LookupError):
    """There is none, or it is somebody else's: the message must not tell the two apart."""

    def __init__(self) -> None:
        super().__init__("You have no such invitation")


class AlreadyInvited(ValueError):
    """The address has an open invitation, or has accepted one."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is invited already: revoke that invitation first, or wait for an answer")


class InvitationClosed(Exception):
    """The invitation was accepted, was revoked or has expired; it never opens again."""

    def __init__(self, how: str) -> None:
        super().__init__(f"The invitation {how}: ask for a new one")
