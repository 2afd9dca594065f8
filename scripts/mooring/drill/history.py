"""A team's own incidents as outages of a trace."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

from mooring.catalog.incidents import CHECK, Recorded, future, histories
from mooring.catalog.source import DENIED, MAX_BYTES, NOT_PLAIN, TOO_LARGE, Unreadable
from mooring.drill.trace import Outage
from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.spec.drill import Failing

RULE = "history"
_HOUR = 3600.0


def read_history(path: Path, vendors: Collection[str] | None = None, now: datetime | None = None) -> tuple[Outage, ...]:
    """The incidents of a CSV file, in seconds since midnight UTC of the first one's day, or since hour 0.

    `vendors` are the providers there are, None: any; `now` is when the future begins. Raises FindingsError with
    everything that is wrong with the file.
    """
    name = str(path)
    content = _content(path)
    found, findings = histories({name: content} if content is not None else {}, vendors)
    if content is None:
        findings = [Finding(name, 0, "", "there is no such file", CHECK, "correct the name, or add the file")]
    findings += future(found, now or datetime.now(UTC))
    if findings:
        raise FindingsError(findings)
    return outages(found[name])


def outages(recorded: Iterable[Recorded]) -> tuple[Outage, ...]:
    """The same incidents as parts of a trace; `expand` numbers them."""
    return tuple(
        Outage(
            number,
            Failing(vendor=each.vendor, mode=each.kind, severity=each.severity),
            each.start * _HOUR,
            each.end * _HOUR,
            each.severity,
            RULE,
            (),
            each.vendor,
        )
        for number, each in enumerate(recorded)
    )


def _content(path: Path) -> bytes | Unreadable | None:
    """None where nothing is."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return NOT_PLAIN
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError:
        return DENIED
    return TOO_LARGE if len(content) > MAX_BYTES else content
