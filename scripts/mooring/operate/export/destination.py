"""The destination: a folder or a bucket, with the few operations that exports need."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from mooring.errors import Failed
from mooring.operate.export.seal import resolved
from mooring.outcome import Reason
from mooring.spec.export import Destination as Document

if TYPE_CHECKING:
    from obstore.store import ObjectStore

FOLDER = "exports"
"""In the state folder, where the document names no destination."""

_TRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_NAMES = {"accessKeyId": "access_key_id", "secretAccessKey": "secret_access_key", "sessionToken": "session_token"}
_NAMES |= {"serviceAccountKey": "service_account_key", "accountName": "account_name"}
_NAMES |= {"accountKey": "account_key", "sasKey": "sas_key"}


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: `at` is when it was written, by the clock of the destination."""

    name: str
    bytes: int
    at: float


class Destination:
    """What lies below one environment's name. Every method raises Failed(DESTINATION), which names no secret."""

    def __init__(self, document: Document, environment: str, state: Path, environ: Mapping[str, str] = os.environ):
        self.url = document.url or (state / FOLDER).absolute().as_uri()
        self._store = _open(document, self.url, environment, environ, {})
        # A bucket with Object Lock takes nothing without a checksum, and wants to be told of which kind it is.
        headers = {"x-amz-sdk-checksum-algorithm": "SHA256"} if document.scheme == "s3" else {}
        self._written = _open(document, self.url, environment, environ, headers)
        self._locks = document.scheme == "s3"

    def put(self, name: str, data: bytes, replace: bool = False) -> bool:
        """Writes an object whose name is not taken; False when it is. `replace` writes it whatever is there."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._told(f"write {name}"):
            try:
                obstore.put(self._written, name, data, mode="overwrite" if replace else "create")
            except AlreadyExistsError:
                return False
        return True

    def get(self, name: str) -> bytes | None:
        """An object; None when there is none."""
        import obstore

        with self._told(f"read {name}"):
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                return None

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """All objects whose path begins with the folders of `prefix`, in the order of their names."""
        import obstore

        with self._told("list"):
            found = [one for page in obstore.list(self._store, prefix or None) for one in page]
        for one in sorted(found, key=lambda one: one["path"]):
            yield Stored(one["path"], one["size"], one["last_modified"].timestamp())

    def delete(self, name: str) -> bool:
        """Deletes an object; False when the bucket's Object Lock holds it."""
        import obstore
        from obstore.exceptions import PermissionDeniedError

        if self._locked(name):
            return False
        with self._told(f"delete {name}"):
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                pass
            except PermissionDeniedError:
                return False
        return True

    def now(self) -> float:
        """Unix time by the destination's clock."""
        import obstore

        name = f"clock/{time.time_ns()}"
        with self._told("write"):
            obstore.put(self._written, name, b"")
            found = obstore.head(self._store, name)["last_modified"].timestamp()
            obstore.delete(self._store, name)
        return float(found)

    def _locked(self, name: str) -> bool:
        """A bucket with versions hides a locked object when it is deleted, and keeps it: so it is asked before."""
        if not self._locks:
            return False
        import httpx2
        import obstore

        with self._told(f"read {name}"):
            url = obstore.sign(self._store, "HEAD", name, timedelta(minutes=5))  # type: ignore[call-overload]
            with httpx2.Client(timeout=30, trust_env=False) as client:
                said = client.head(url).headers
        until = said.get("x-amz-object-lock-retain-until-date")
        held = said.get("x-amz-object-lock-legal-hold") == "ON"
        return held or bool(until and datetime.fromisoformat(until) > datetime.now(UTC))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        import httpx2
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, httpx2.HTTPError) as error:
            fix = "see that it is there, has room, and lets these credentials write; nothing that was exported is lost"
            raise Failed(Reason.DESTINATION, f"cannot {what} at {self.url}: {_line(error)}", fix) from None


def _open(
    document: Document, url: str, environment: str, environ: Mapping[str, str], headers: dict[str, str]
) -> "ObjectStore":
    """Raises Failed(DESTINATION) for a credential that is not set, or a folder that cannot be made."""
    from obstore import store
    from obstore.exceptions import BaseError

    from_url: Any = store.from_url  # which options there are depends on the URL
    parts = urlsplit(url)
    try:
        if document.scheme == "file":
            folder = Path(unquote(parts.path)) / environment
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return store.LocalStore(str(folder))
        options: dict[str, Any] = {_NAMES[name]: resolved(ref, environ) for name, ref in document.credentials.items()}
        if document.scheme == "s3":
            options |= {"region": document.region or environ.get("AWS_REGION") or "us-east-1"}
            options |= {"checksum_algorithm": "sha256"}
            if document.endpoint:
                options |= {"endpoint": document.endpoint, "virtual_hosted_style_request": False}
        plain = bool(document.endpoint and document.endpoint.startswith("http:"))
        client = {"allow_http": plain, "timeout": "30s", "default_headers": headers}
        whole = f"{url.rstrip('/')}/{environment}"
        return cast("ObjectStore", from_url(whole, client_options=client, retry_config=_TRIES, **options))
    except (BaseError, OSError, ValueError) as error:
        raise Failed(Reason.DESTINATION, f"cannot open {url}: {_line(error)}", "correct the destination") from None


def _line(error: Exception) -> str:
    """The first line without what was sent: an address may hold a signature."""
    text = " ".join(str(error).split("\n")[0].split())
    return text.partition("?")[0][:200] or type(error).__name__
