"""Why something that was said is not done: the closed list, which the ledger keeps."""

from enum import StrEnum


class Code(StrEnum):
    """What a refusal is recorded with. What fails while it is carried out has a reason of `outcome` instead."""

    # the line
    UNKNOWN_COMMAND = "unknown-command"
    MISSING_ARGUMENT = "missing-argument"
    BAD_ARGUMENT = "bad-argument"
    TRAILING_TEXT = "trailing-text"
    LOOK_ALIKE = "look-alike"
    HIDDEN_CHARACTERS = "hidden-characters"
    TOO_LONG = "too-long"
    # the person
    NO_DOCUMENT = "no-document"
    UNKNOWN_PERSON = "unknown-person"
    UNKNOWN_PERMISSION = "unknown-permission"
    UNKNOWN_ENVIRONMENT = "unknown-environment"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate-limited"
    # the question
    UNKNOWN_QUESTION = "unknown-question"
    NOT_YOURS = "not-yours"
    NEEDS_ANOTHER = "needs-another"
    EXPIRED = "expired"
    ANSWERED = "answered"
    OUTDATED = "outdated"
    CANCELLED = "cancelled"
    # this door
    UNAVAILABLE = "unavailable"
    NOT_RECORDED = "not-recorded"
    LATE = "late"
    INTERRUPTED = "interrupted"


LINE = frozenset(
    {
        Code.UNKNOWN_COMMAND,
        Code.MISSING_ARGUMENT,
        Code.BAD_ARGUMENT,
        Code.TRAILING_TEXT,
        Code.LOOK_ALIKE,
        Code.HIDDEN_CHARACTERS,
        Code.TOO_LONG,
    }
)
"""Those of a line that is no command."""
