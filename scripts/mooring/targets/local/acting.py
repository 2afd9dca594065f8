"""The wire on which a worker's process gets its orders. Blocking, so that a switch is one turn of the event loop."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.runtime.process.unix_http import Wire
from mooring.targets.local.replacement import ACT, GONE


class Act:
    """To the process behind a door, if there is one."""

    def __init__(self, name: str, door: Path) -> None:
        self._name, self._door = name, door
        self._wire: Wire | None = None

    @property
    def there(self) -> bool:
        """Whether somebody can be told."""
        return self._wire is not None

    def open(self) -> None:
        """Raises OSError when nobody answers."""
        self._wire = Wire(self._door, ACT)

    def take(self, wire: Wire) -> None:
        """Goes on with the wire of a process that took over the door."""
        self._wire = wire

    def close(self) -> None:
        if self._wire:
            self._wire.close()
        self._wire = None

    def call(self, route: str, body: Any = None) -> Any:
        """The answer's JSON. Raises Stopped, OSError or EOFError."""
        if self._wire is None:
            raise ConnectionError(f"{self._name} is not running")
        return self._wire.call(route, body)

    def order(self, on: bool, armed: bool = False) -> None:
        """Tells it to accept, or not to; when `armed`, as soon as the traffic is its slot's. `obeyed` must follow.

        Failed(PROCESS) when that cannot be.
        """
        if self._wire is None:
            raise Failed(Reason.PROCESS, f"{self._name} is not running")
        try:
            self._wire.send("POST /accept", {"on": on, "armed": armed})
        except GONE as error:
            raise self._cut(error) from None

    def obeyed(self) -> dict[str, Any]:
        """What it says once it has done so. Failed(PROCESS) when that takes longer than ACT seconds."""
        if self._wire is None:
            raise Failed(Reason.PROCESS, f"{self._name} is not running")
        try:
            return dict(self._wire.answer())
        except GONE as error:
            raise self._cut(error) from None

    def _cut(self, error: Exception) -> Failed:
        """Opens another wire: the next answer on this one would be to the last order."""
        self.close()
        with suppress(OSError):
            self.open()
        return Failed(Reason.PROCESS, f"{self._name} did not answer: {error!r}")
