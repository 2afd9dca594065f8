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
"""SQL for both databases, or by dialect; a dialect that is not there has nothing to do."""


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
        return _for(dialect, self.up)

    def backward(self, dialect: str) -> list[str]:
        """Statements that undo it."""
        return _for(dialect, self.down)


def _for(dialect: str, statements: Sequence[Statement]) -> list[str]:
    texts = [each if isinstance(each, str) else each.get(dialect) for each in statements]
    return [Template(each).substitute(TYPES[dialect]) for each in texts if each]
