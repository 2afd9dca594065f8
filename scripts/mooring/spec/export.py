"""Exports: where copies of the state go, for whom they are encrypted, and how long they are kept."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mooring.spec.document import Document, Part, SecretRef

CREDENTIALS: dict[str, tuple[str, ...]] = {
    "file": (),
    "s3": ("accessKeyId", "secretAccessKey", "sessionToken"),
    "gs": ("serviceAccountKey",),
    "az": ("accountName", "accountKey", "sasKey"),
}
"""What a store is opened with, by the scheme of its URL. Without any, the machine's own identity is used."""

RECIPIENT = r"^(age1[a-z0-9]{20,}|env:[A-Z][A-Z0-9_]*)$"

Days = Annotated[int, Field(ge=1, le=36500)]


class Destination(Part):
    """A folder or a bucket. Each environment has a folder of its own name in it."""

    url: Annotated[str, StringConstraints(pattern=r"^(file:///|(s3|gs|az)://[^/@?#]+)[^@?#]*$")] | None = Field(
        default=None, description="file:///…, s3://BUCKET/…, gs://… or az://…; absent: `exports` in the state folder."
    )
    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/@?#]+$")] | None = Field(
        default=None, description="The server of a store that speaks S3 and is not Amazon's."
    )
    region: str | None = None
    credentials: dict[str, SecretRef] = Field(
        default_factory=dict, description="By name, as accessKeyId; absent: the identity that the machine has itself."
    )

    @property
    def scheme(self) -> str:
        """`file`, `s3`, `gs` or `az`."""
        return self.url.partition(":")[0] if self.url else "file"


class Encryption(Part):
    """Whoever has one of the identities can read the copies, and nobody else, the exporting machine included."""

    recipients: tuple[Annotated[str, StringConstraints(pattern=RECIPIENT)], ...] = Field(
        min_length=1, description="Public keys of age, as `age-keygen` prints them, or variables that hold one."
    )
    identity: SecretRef | None = Field(
        default=None, description="The variable with the private key, where copies are verified and restored."
    )


class KeepDays(Part):
    """How many days a copy is kept. The ledger, releases and evidence are kept for ever."""

    conversations: Days = 90
    memory: Days = 365
    runs: Days = Field(default=30, description="Runs, tickets and saved answers.")


class Hold(Part):
    """Copies that nothing deletes, by the beginning of their name, such as `conversations/2026-11`."""

    prefix: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    until: datetime | None = Field(default=None, description="Absent: until it is taken out of here.")


class Export(Document):
    """How the state of the environments that name it is exported."""

    kind: Literal["Export"]
    destination: Destination = Destination()
    encryption: Encryption | None = Field(default=None, description="Absent: copies can be read by whoever has them.")
    every_minutes: float = Field(
        default=60, ge=1, le=1440, description="From one copy to the next; conversations follow within seconds."
    )
    keep_days: KeepDays = KeepDays()
    at_least: int = Field(default=3, ge=1, le=1000, description="So many copies stay, however old they are.")
    holds: tuple[Hold, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Environment variables that an export needs. Only a restore needs the private key."""
        recipients = self.encryption.recipients if self.encryption else ()
        references = (*self.destination.credentials.values(), *recipients)
        return tuple(one.removeprefix("env:") for one in references if one.startswith("env:"))
