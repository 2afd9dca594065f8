"""One step of the tables, forward and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template

TYPES = {
    "sqlite": {"text": "text", "number": "integer", "real": "real", "bytes": "blob", "strict": "strict"},
    "postgresql": {"text": "text", "number": "bigint", "real": "double precision", "bytes": "bytea", "strict": ""},
}
"""What SQL of a migration says as `$text`, `$number`, `$real`, `$bytes` and `$strict`, by dialect."""


Statement = str | Mapping[str, str]
"""SQL for both dialects, or by dialect; one that has none of it is left out."""


@dataclass(frozen=True)
class Migration:
    """Statements that are carried out together or not at all.

    It is text and not the tables of today, which will have changed. `backward_compatible` says whether the release
    before can still read and write what this one leaves: both are in use while a deployment goes on, and a rollback
    goes back to it. Where it is False, `down` is what a rollback needs.
    """

    name: str
    up: Sequence[Statement]
    down: Sequence[Statement]
    backward_compatible: bool

    def forward(self, dialect: str) -> list[str]:
        """Statements that carry it out."""
        return _said(self.up, dialect)

    def backward(self, dialect: str) -> list[str]:
        """Statements that undo it."""
        return _said(self.down, dialect)


def _said(statements: Sequence[Statement], dialect: str) -> list[str]:
    texts = (each if isinstance(each, str) else each.get(dialect) for each in statements)
    return [Template(text).substitute(TYPES[dialect]) for text in texts if text is not None]
