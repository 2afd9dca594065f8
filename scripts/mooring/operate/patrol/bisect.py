"""Finds the release that broke a case: the case is replayed on releases that were live, the newest first.

Each release stands up in processes of its own, is asked, and is put away, as in an evaluation: its tools call simulated
services, so nothing happens in the world.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.catalog.secrets import masked
from mooring.errors import Refused
from mooring.evaluate.behaviour.cases import reasons
from mooring.evaluate.run import Options, run_suites
from mooring.evaluate.values import Evidence, Trial
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec import EvalSuite

REPEATS = 3
"""How often a real model is asked: more than half decide."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one release said to a case: `passed` is None where it could not be asked, and then `why` says why."""

    digest: str
    commit: str | None
    passed: bool | None
    answer: str = ""
    why: str = ""

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "release": self.digest,
            "commit": self.commit,
            "passed": self.passed,
            "answer": self.answer,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Bisected:
    """What is known of a case now: releases that were tried, the newest first, the one that serves before all.

    `timed_out`: there was no time left to try others.
    """

    case: str
    tried: tuple[Tried, ...]
    timed_out: bool = False

    @property
    def good(self) -> Tried | None:
        """The newest release that answers as it must."""
        return next((one for one in self.tried if one.passed), None)

    @property
    def broken(self) -> Tried | None:
        """The oldest release after the good one that is known to fail; None where none is good, or the live one is."""
        if self.good is None:
            return None
        failing = [one for one in self.tried[: self.tried.index(self.good)] if one.passed is False]
        return failing[-1] if failing else None

    @property
    def between(self) -> tuple[Tried, ...]:
        """Those between the good and the broken one, which could not be asked: one of them may have broken it."""
        if self.good is None or self.broken is None:
            return ()
        return self.tried[self.tried.index(self.broken) + 1 : self.tried.index(self.good)]

    @property
    def outcome(self) -> str:
        """`broken` by a release, or by one just before it; `outside` where every release fails, which says nothing of
        one alone; `here` where the live one passes by itself; `unknown` where none of that is known."""
        if not self.tried or self.tried[0].passed is None:
            return "unknown"
        if self.tried[0].passed:
            return "here"
        if self.broken:
            return "broken"
        everywhere = not self.timed_out and len(self.tried) > 1 and all(one.passed is False for one in self.tried)
        return "outside" if everywhere else "unknown"

    @property
    def final(self) -> bool:
        """Whether nothing else can be found out as long as the case fails."""
        return self.outcome in ("broken", "outside")

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        good, broken = self.good, self.broken
        return {
            "case": self.case,
            "outcome": self.outcome,
            "final": self.final,
            "broken": broken.data() if broken else None,
            "good": good.data() if good and broken else None,
            "between": [one.data() for one in self.between],
            "timed_out": self.timed_out,
            "tried": [one.data() for one in self.tried],
        }


Replay = Callable[[str], Tried]
"""What the release with this digest says."""


def bisect(case: str, digests: Iterable[str], replay: Replay, is_over: Callable[[], bool] = lambda: False) -> Bisected:
    """Replays a case on releases, the newest first, until one passes, or until the time for that `is_over`."""
    tried: list[Tried] = []
    for digest in dict.fromkeys(digests):
        if is_over():
            return Bisected(case, tuple(tried), timed_out=True)
        tried.append(replay(digest))
        if tried[-1].passed or (len(tried) == 1 and tried[0].passed is None):
            break
    return Bisected(case, tuple(tried))


@dataclass(frozen=True)
class Stage:
    """Where releases are asked. `simulator` is the URL of one that runs; `rules` and `recordings` are folders."""

    evidence: Evidence
    rules: Path
    recordings: Path
    simulator: str | None
    environ: Mapping[str, str]

    def ask(self, release: Release, commit: str | None, suite: EvalSuite, case: str) -> Tried:
        """What a release says to a case. Failed(PROCESS), Failed(NOT_READY)."""
        trials: list[Trial] = []
        with tempfile.TemporaryDirectory(prefix="moor-bisect-") as folder:
            options = Options(
                evidence=self.evidence,
                rules=self.rules,
                recordings=self.recordings,
                journal=Path(folder) / "trials",
                repeats=REPEATS if self.evidence == "live" else 1,
                chosen={suite.name: frozenset({case})},
                simulator_url=self.simulator,
                environ=self.environ,
            )
            try:
                run_suites(release, {suite.name: suite}, options, trials.append)
            except Refused as refused:
                if refused.reason is not Reason.EMPTY_SET:
                    raise
                return Tried(release.digest, commit, None, why=str(refused))
        return judged(release.digest, commit, trials)


def judged(digest: str, commit: str | None, trials: list[Trial]) -> Tried:
    """What most trials say, with the answer of one that does."""
    counted = [trial for trial in trials if trial.passed is not None]
    if not counted:
        errors = [reply.error for trial in trials for reply in trial.replies if reply.error]
        return Tried(digest, commit, None, why=errors[0] if errors else "nothing was judged")
    passed = sum(bool(trial.passed) for trial in counted) * 2 > len(counted)
    telling = next(trial for trial in counted if bool(trial.passed) is passed)
    answer = telling.replies[-1].text if telling.replies else ""
    return Tried(digest, commit, passed, masked(answer), "" if passed else masked("; ".join(reasons(telling))))
