"""The exceptions that users may see, each as one line on the terminal.

MooringError                    expected; never a traceback
├── UsageError                  the call is wrong                         exit 2
└── Stopped                     the work ended early, with a reason code  exit 1
    ├── FindingsError           documents have findings, all of them
    ├── Refused                 a guard, lock, gate or policy said no
    └── Failed                  something outside failed: port, disk, process, deadline
"""

from collections.abc import Sequence

from mooring.finding import Finding
from mooring.outcome import Reason


class MooringError(Exception):
    """The root of every expected error. `str()` is one line for users; `fix` says what to do next, or ""."""

    fix = ""


class UsageError(MooringError):
    """The command line or the place it was called from is wrong."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class Stopped(MooringError):
    """Work ended early. `reason` is from the closed list."""

    def __init__(self, reason: Reason, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.fix = fix


class FindingsError(Stopped):
    """The documents have findings; `findings` is never empty."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(Reason.FINDINGS, f"{len(findings)} finding{'s' * (len(findings) != 1)}")
        self.findings = tuple(sorted(findings))


class Refused(Stopped):
    """A guard, lock, gate or policy said no; nothing was changed."""


class Failed(Stopped):
    """A process, port, disk or deadline failed; what had started was undone."""
