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
    """What is known of a case now: releases that were tried, the newest first, the one that serves before all."""

    case: str
    tried: tuple[Tried, ...]

    @property
    def good(self) -> Tried | None:
        """The newest release that answers as it must."""
        return next((one for one in self.tried if one.passed), None)

    @property
    def broken(self) -> Tried | None:
        """The oldest release after the good one that does not; None where none is good, or the live one is."""
        if self.good is None:
            return None
        failing = [one for one in self.tried[: self.tried.index(self.good)] if one.passed is False]
        return failing[-1] if failing else None

    @property
    def outcome(self) -> str:
        """`broken` by a release, `outside` where every release fails, `here` where the live one passes by itself, and
        `unknown` where the live one could not be asked."""
        if not self.tried or self.tried[0].passed is None:
            return "unknown"
        if self.tried[0].passed:
            return "here"
        return "broken" if self.broken else "outside"

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        good, broken = self.good, self.broken
        return {
            "case": self.case,
            "outcome": self.outcome,
            "broken": broken.data() if broken else None,
            "good": good.data() if good and broken else None,
            "tried": [one.data() for one in self.tried],
        }


Replay = Callable[[str], Tried]
"""What the release with this digest says."""


def bisect(case: str, digests: Iterable[str], replay: Replay) -> Bisected:
    """Replays a case on releases, the newest first, until one passes."""
    tried: list[Tried] = []
    for digest in dict.fromkeys(digests):
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
