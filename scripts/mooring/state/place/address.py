"""Where an environment's database is, as one value: a file, or a schema of a PostgreSQL server."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from mooring.state.unavailable import Unavailable, Unfit

FILE = "state.db"
"""In the state folder."""

SCHEMA = "mooring"
"""In PostgreSQL, where others have tables too; with an environment, `mooring_<environment>`."""

SQLITE = "sqlite"
"""How a move names the file in the state folder; a server is named as in a document, by `env:NAME`."""

_LONGEST = 63
"""Bytes that PostgreSQL keeps of a name."""


@dataclass(frozen=True, slots=True)
class Address:
    """`url` may hold a password, so it is in no `repr`. Environments that share a server have schemas of their own.

    `state` is the environment's folder, and `environ` is where references are looked up when the state was moved.
    """

    url: str = field(repr=False)
    environment: str = ""
    state: Path | None = field(default=None, compare=False)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False, compare=False)

    @classmethod
    def of(cls, where: "str | Address") -> Self:
        """The address itself, or that of a URL for no environment in particular."""
        return cls(where) if isinstance(where, str) else cls(where.url, where.environment, where.state, where.environ)

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for a server."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None

    @property
    def schema(self) -> str:
        """The PostgreSQL schema. A name that is too long ends in a part of its digest."""
        name = f"{SCHEMA}_{self.environment}" if self.environment else SCHEMA
        if len(name.encode()) <= _LONGEST:
            return name
        return f"{name[: _LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"

    @property
    def quoted(self) -> str:
        """The schema as SQL takes it."""
        return self.schema if self.schema == SCHEMA else f'"{self.schema}"'

    def moved(self, reference: str) -> "Address":
        """Where the state is that was moved from here. Raises Unavailable when this process cannot know."""
        if reference == SQLITE and self.state:
            return url_of(self.state, None, self.environment, self.environ)
        name = reference.removeprefix("env:")
        if self.state is None or not self.environ.get(name):
            fix = f"set {name} where this process starts, and start it again"
            raise Unavailable(f"the state was moved to {reference}, which is not set here", fix)
        return url_of(self.state, self.environ[name], self.environment, self.environ)

    def __str__(self) -> str:
        """For people, logs and clients: without user, password, host and folder."""
        return f"the file {self.file.name}" if self.file else f"the schema {self.schema}"


def url_of(state: Path, secret: str | None, environment: str = "", environ: Mapping[str, str] = os.environ) -> Address:
    """Where the database is: `secret` is the PostgreSQL URL, None the file in the state folder. Raises Unfit."""
    url = f"sqlite:///{(state / FILE).absolute()}" if secret is None else postgres_url(secret)
    return Address(url, environment, state, environ)


def postgres_url(secret: str) -> str:
    """A URL as libpq takes it, several hosts included. Raises Unfit, which never quotes it: it holds a password."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    text = secret.strip()
    scheme, slashes, rest = text.partition("://")
    engine = scheme.partition("+")[0]
    if not slashes:
        raise Unfit(
            "the database URL is not a URL", "set the variable to postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )
    if engine not in ("postgresql", "postgres"):
        named = engine if engine.isalnum() and len(engine) <= 20 else "unknown"
        fix = "leave `database` out of the environment for a file, or set a postgresql:// URL"
        raise Unfit(f"the database URL is for another engine: {named}", fix)
    try:
        known = conninfo_to_dict(f"postgresql://{rest}")
        _ports(str(known.get("port") or ""))
    except (psycopg.Error, ValueError):
        # From nothing: what libpq says quotes what it could not read.
        fix = "write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %-codes for special characters"
        raise Unfit("the database URL cannot be read", fix) from None
    if not (known.get("dbname") or known.get("service")):
        raise Unfit("the database URL names no database", "end it with /DATABASE")
    return f"postgresql://{rest}"


def _ports(text: str) -> None:
    """Raises ValueError for a port that is none; libpq would notice only when it connects."""
    for port in filter(None, text.split(",")):
        if not 0 < int(port) < 65536:
            raise ValueError(port)


def file_of(where: str | Address) -> Path | None:
    """The file of an SQLite database."""
    return Address.of(where).file
