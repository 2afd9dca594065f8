"""A circuit breaker as a state machine without I/O.

Models and tools share it. The caller asks `enter` before a call and tells `leave` after it, or uses `guard`.
"""

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from mooring.runtime.core.clock import now
from mooring.spec.resilience import Breaker as Policy

State = Literal["closed", "open", "half-open"]

LONGEST = 8
"""The open time grows to this many times `open_seconds`, be it by relapses or by the endpoint's Retry-After."""

_SLICES = 20


class Health(Enum):
    """What a call says about an endpoint. UNKNOWN: it was cancelled, never made, or wrong in itself."""

    WELL = "well"
    ILL = "ill"
    UNKNOWN = "unknown"


class CircuitOpen(Exception):
    """The call was not let in; `seconds` until the next probe may go, 0 while one is under way."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the circuit is open for {seconds:.3g} seconds more")
        self.seconds = seconds


@dataclass(eq=False)
class Call:
    """A call that was let in. `health` and `retry_after` (seconds, 0 for none) may be set until it leaves.

    `took` is how many seconds it took when that is not the time until it leaves. `outrun`: another endpoint was asked
    later, and answered while this one still said nothing.
    """

    began: float
    era: int
    probe: bool
    health: Health = Health.UNKNOWN
    retry_after: float = 0.0
    took: float | None = None
    outrun: bool = False


@dataclass(frozen=True)
class Ended:
    """How the newest call with a verdict ended: when, by the circuit's clock, and how many seconds it took."""

    at: float
    well: bool
    seconds: float


@dataclass
class _Slice:
    began: float
    calls: int = 0
    ill: int = 0
    slow: int = 0


@dataclass
class _Window:
    """Counts of the calls of the last `seconds`, in slices: memory stays flat, at a grain of a twentieth."""

    seconds: float
    slices: deque[_Slice] = field(default_factory=deque)

    def add(self, now: float, ill: bool, slow: bool) -> None:
        if not self.slices or now >= self.slices[-1].began + self.seconds / _SLICES:
            self.slices.append(_Slice(now))
        last = self.slices[-1]
        last.calls += 1
        last.ill += ill
        last.slow += slow

    def totals(self, now: float) -> tuple[int, int, int]:
        while self.slices and self.slices[0].began <= now - self.seconds:
            self.slices.popleft()
        calls = sum(piece.calls for piece in self.slices)
        return calls, sum(piece.ill for piece in self.slices), sum(piece.slow for piece in self.slices)


class Circuit:
    """Opens when a limit of the policy is reached; after the open time one probe, and no other call, decides.

    Against flapping, an endpoint that came back is on probation for its first `minimum_calls` calls: one failure
    among them opens it again, twice as long as before, `LONGEST` times `open_seconds` at most. A probe that succeeds
    but takes over `slow_call_seconds` leaves it open. After a probe without a verdict the next call is the probe.
    Calls that began before the state last changed are not counted. `clock` returns seconds and never goes back.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float] = now) -> None:
        self.policy = policy
        self._clock = clock
        self._window = _Window(policy.window_seconds)
        self._in_a_row = 0
        self._era = 0
        self._opened = False
        self._until = 0.0
        self._probe: Call | None = None
        self._probation = 0
        self._relapses = 0
        self.last: Ended | None = None

    @property
    def state(self) -> State:
        """`half-open` from the moment a probe may go."""
        if not self._opened:
            return "closed"
        return "open" if self._clock() < self._until else "half-open"

    @property
    def in_doubt(self) -> bool:
        """Whether the next call may well fail: the last one did, or the endpoint came back a few calls ago."""
        return self._opened or self._in_a_row > 0 or self._probation > 0

    @property
    def opens_in(self) -> float:
        """Seconds until a probe may go; 0 when it is closed or half open."""
        return max(0.0, self._until - self._clock()) if self._opened else 0.0

    def enter(self) -> Call:
        """Lets a call in. Raises CircuitOpen."""
        call = Call(self._clock(), self._era, probe=self._opened)
        if self._opened:
            if self._probe is not None or self.state == "open":
                raise CircuitOpen(self.opens_in)
            self._probe = call
        return call

    def answering(self, call: Call) -> None:
        """Says that a call, which goes on, took until now: a long stream is not a slow call."""
        call.took = self._clock() - call.began

    def waited(self, call: Call) -> float:
        """Seconds that a call has been waited for; until it began to answer, if it did."""
        return self._clock() - call.began if call.took is None else call.took

    def leave(self, call: Call) -> None:
        """Takes what a call that ended says; saying it twice changes nothing."""
        if call is self._probe:
            self._probe = None
        if call.health is Health.UNKNOWN:
            self._outrun(call)
            return
        now = self._clock()
        ill = call.health is Health.ILL
        took = self.waited(call)
        self.last = Ended(now, not ill, took)
        if call.era != self._era:
            return
        slow = took > self.policy.slow_call_seconds
        if call.probe:
            self._open(call) if ill or slow else self._close()
        else:
            self._count(call, now, ill, slow)

    @contextmanager
    def guard(self, judge: Callable[[BaseException], Health]) -> Generator[Call]:
        """Wraps a call: healthy when nothing is raised, else what `judge` says. Raises CircuitOpen."""
        call = self.enter()
        try:
            yield call
            call.health = Health.WELL
        except BaseException as error:
            call.health = judge(error)
            raise
        finally:
            self.leave(call)

    def _count(self, call: Call, now: float, ill: bool, slow: bool) -> None:
        self._window.add(now, ill, slow)
        self._in_a_row = self._in_a_row + 1 if ill else 0
        if (self._probation and ill) or self._beyond(now):
            self._relapses = min(self._relapses + 1, LONGEST) if self._probation else 0
            self._open(call)
        elif self._probation:
            self._probation -= 1

    def _outrun(self, call: Call) -> None:
        """Counts it among the failures in a row, and nowhere else: it may have been slow by chance."""
        if call.outrun and call.era == self._era and not call.probe:
            self._in_a_row += 1
            if self._in_a_row >= self.policy.consecutive_failures:
                self._open(call)

    def _beyond(self, now: float) -> bool:
        policy = self.policy
        if self._in_a_row >= policy.consecutive_failures:
            return True
        calls, ill, slow = self._window.totals(now)
        if calls < policy.minimum_calls:
            return False
        return _reached(ill, calls, policy.failure_rate) or _reached(slow, calls, policy.slow_call_rate)

    def _open(self, call: Call) -> None:
        longest = LONGEST * self.policy.open_seconds
        seconds = self.policy.open_seconds * 2**self._relapses
        self._turn(opened=True)
        self._until = self._clock() + min(max(seconds, call.retry_after), longest)

    def _close(self) -> None:
        self._turn(opened=False)
        self._probation = self.policy.minimum_calls

    def _turn(self, opened: bool) -> None:
        self._opened = opened
        self._era += 1
        self._probation = self._in_a_row = 0
        self._window = _Window(self.policy.window_seconds)


def _reached(part: int, calls: int, rate: float) -> bool:
    """A rate of 0 is reached by the first such call, not by none."""
    return part > 0 and part >= rate * calls
