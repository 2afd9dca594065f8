"""What looks may use of the environment that they are made for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from mooring.catalog.secrets import masked
from mooring.operate.patrol.seen import NotMade
from mooring.release.content import ReleaseContent
from mooring.spec import EvalSuite

if TYPE_CHECKING:
    import httpx2
    import sqlalchemy as sa

    from mooring.operate.patrol.clients import Clients
    from mooring.state.transactions import Transactions

T = TypeVar("T")

Ask = Callable[[Mapping[str, Any], float], Mapping[str, Any]]
"""Has an agent of the live slot answer one turn within some seconds; see evaluate.smoke."""

LONGEST = 300
"""Characters of a detail."""


@dataclass
class Surroundings:
    """`url` is the environment's own address and `simulator` the simulator's; None where nothing runs.

    `suites` are those of the commit that serves, or `unloaded` says why there are none; `ask` asks the live slot, and
    `database` is the environment's own.
    Every secret that a look reads is remembered, so that none can be in a detail.
    """

    content: ReleaseContent
    state: Path
    environ: Mapping[str, str] = field(repr=False)
    now: float
    url: str | None = None
    simulator: str | None = None
    database: "Transactions | None" = None
    suites: Mapping[str, EvalSuite] = field(default_factory=dict)
    unloaded: str = ""
    ask: Ask | None = None
    clients: "Clients | None" = None
    _secrets: set[str] = field(default_factory=set, repr=False)

    @property
    def environment(self) -> str:
        """Its name."""
        return self.content.environment.name

    def http(self, url: str) -> "httpx2.AsyncClient":
        """The client that asks an address."""
        if self.clients is None:
            raise RuntimeError("looks are made by `patrol`, which opens the clients")
        return self.clients.of(url)

    def secret(self, reference: str) -> str:
        """The value of `env:NAME`. Raises NotMade when it is not set."""
        name = reference.removeprefix("env:")
        value = self.environ.get(name, "")
        if not value:
            raise NotMade(f"{name} is not set where the patrol runs; export it there")
        self._secrets |= {value, unquote(value)} | _within(value)
        return value

    def header(self, reference: str | None, name: str) -> dict[str, str]:
        """A header with the value of a reference; none without one. Raises NotMade."""
        if reference is None:
            return {}
        value = self.secret(reference)
        if not value.isascii() or not value.isprintable():
            raise NotMade(f"{reference.removeprefix('env:')} holds characters that no header can; set it again")
        return {name: value}

    def read(self, work: "Callable[[sa.Connection], T]") -> T:
        """What a statement finds in the environment's own database; blocks. Raises NotMade, Unavailable."""
        if self.database is None:
            raise NotMade("the environment has no database yet; moor up makes it")
        return self.database.read(work, patience=3.0)

    def plain(self, text: str) -> str:
        """The text in one line that is not too long, without any secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        line = " ".join(masked(text).split())
        return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _within(value: str) -> set[str]:
    """The user's password inside a URL, as it is written and as it is meant; too short a one would hide words."""
    try:
        password = urlsplit(value).password or ""
    except ValueError:
        return set()
    return {each for each in (password, unquote(password)) if len(each) > 2}
