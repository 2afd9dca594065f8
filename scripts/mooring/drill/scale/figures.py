"""What one run costs, as `scripts/bench scale` measured it: the only numbers that are not computed or assumed."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.spec.document import Part

COMMITTED = Path(__file__).with_name("figures.json")
"""Of the example's agents."""

HOW = "scripts/bench scale --write FILE"
CHECK = "figures"

Mode = Literal["durable", "off"]
"""Whether runs have checkpoints."""

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Some = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Model(Part):
    """What a request needs of one model on average, and US dollars per million tokens in its document."""

    calls: Some
    tokens_in: Amount
    tokens_out: Amount
    input_per_million: Amount
    output_per_million: Amount

    @property
    def dollars(self) -> float:
        """Of one request."""
        return (self.tokens_in * self.input_per_million + self.tokens_out * self.output_per_million) / 1e6


class Example(Part):
    """What was asked, and what a request of it needs of tools and of each model on average."""

    cases: int = Field(ge=1)
    requests: int = Field(ge=1)
    tool_calls: Amount
    models: dict[str, Model] = Field(min_length=1)

    @property
    def model_calls(self) -> float:
        return sum(model.calls for model in self.models.values())

    @property
    def tokens(self) -> float:
        """In both directions."""
        return sum(model.tokens_in + model.tokens_out for model in self.models.values())

    @property
    def dollars(self) -> float:
        """What models cost for one request."""
        return sum(model.dollars for model in self.models.values())


class Process(Part):
    """One worker, whatever it serves. Shares are of one core, 0..1."""

    connections: int = Field(ge=1)
    ready_seconds: Some
    resident_mib: Some
    mib_per_request_in_flight: Amount
    idle_statements_per_second: Amount
    idle_database_share: Amount
    idle_worker_share: Amount


class Disk(Part):
    """The disk below PostgreSQL, and commits a second that all write to one row."""

    flush_seconds: Amount
    contended_commits_per_second: Some


class Kept(Part):
    """What a run leaves in a table: bytes with indexes, and rows."""

    bytes: Amount
    rows: Amount


class Forgotten(Part):
    """What the deletion of runs costs that were kept long enough."""

    rows_per_second: Some
    database_seconds_per_row: Amount


class Run(Part):
    """What one run costs on average: seconds of processor time of the worker and of PostgreSQL, and what is written."""

    worker_seconds: Some
    database_seconds: Some
    statements: Some
    commits: Some
    rows_written: Some
    wal_bytes: Some
    kept: dict[Literal["parts", "runs", "turns", "conversations"], Kept]
    forgotten: Forgotten | None = None


class Figures(Part):
    """One measurement."""

    measured: date
    machine: str
    load_average: Amount
    python: str
    postgresql: str
    method: str
    example: Example
    process: Process
    disk: Disk
    run: dict[Mode, Run]


def read(path: Path = COMMITTED) -> Figures:
    """Raises FindingsError with everything that is wrong with the file."""
    try:
        return Figures.model_validate_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise FindingsError([Finding(str(path), 0, "", reason, CHECK, HOW)]) from None
    except ValidationError as error:
        found = [
            Finding(str(path), 0, ".".join(map(str, each["loc"])), each["msg"], CHECK, HOW)
            for each in error.errors(include_url=False)
        ]
        raise FindingsError(found) from None
