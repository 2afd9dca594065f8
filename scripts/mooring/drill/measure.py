"""What an arm's answers come to: availability, times, degradation, recovery, amplification and cost."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mooring.drill.answer import Answer
from mooring.drill.live_through import Lived
from mooring.drill.quantities import Interval, interval, quantile, share
from mooring.drill.schedule import Episode, episodes
from mooring.drill.trace import Outage

RUNGS = ("L0", "L1", "L2", "L3", "L4", "")
"""Who may have answered; "" is nobody."""


WELL = 3
"""Good answers in a row after which users have their service back."""


@dataclass(frozen=True)
class Recovery:
    """One episode: how many of its questions failed, and seconds of the longest time in which they did.

    That begins with a question that failed and ends with the first of `WELL` good answers in a row. 0 seconds where
    none failed: users did not notice. `says` is what failed.
    """

    seed: int
    start: float
    end: float
    says: str
    asked: int
    failed: int
    seconds: float


@dataclass(frozen=True)
class Figures:
    """Of one arm in one drill. Shares are 0..1 of the trace's time, times are seconds from the moment of asking.

    `availability` counts right answers in time from models, `answered` prepared ones too. `degraded` is the share of
    questions that the first rung did not answer. `amplification` is how many calls the vendor of the first rung gets
    while it fails, for each that it gets when it is well; None where it never fails. `retried_well` is the share of
    retried model calls that succeeded; None where nothing was retried. `masked` is the share of episodes in which no
    question failed; `mttr` are p50, p95 and the longest of those in which one did. Cost is in USD.
    """

    questions: int
    availability: Interval
    answered: float
    degraded: Interval
    rungs: dict[str, float]
    errors: dict[str, float]
    mean_seconds: float
    p50_seconds: float
    p99_seconds: float
    calls: float
    cost_usd: float
    amplification: float | None
    retried_well: float | None
    masked: float | None
    mttr: tuple[float, float, float] | None
    recoveries: tuple[Recovery, ...]

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def figures(lived: Sequence[Lived], outages: Sequence[Sequence[Outage]]) -> Figures:
    """Of one arm, whatever seeds it lived through; `outages` are those of each."""
    answers = [answer for each in lived for answer in each.answers]
    counted = [answer for answer in answers if answer.weight]
    recoveries = tuple(
        recovery for each, failing in zip(lived, outages, strict=True) for recovery in _recoveries(each, failing)
    )
    felt = sorted(each.seconds for each in recoveries if each.failed)
    retried = sum(each.retried for each in lived)
    return Figures(
        questions=len(counted),
        availability=interval(counted, lambda answer: answer.good),
        answered=share(counted, lambda answer: answer.useful),
        degraded=interval(counted, lambda answer: answer.rung != "L0"),
        rungs={rung: share(counted, lambda answer, rung=rung: answer.rung == rung) for rung in RUNGS},  # type: ignore[misc]
        errors=_errors(counted),
        mean_seconds=share(counted, lambda answer: answer.seconds),
        p50_seconds=quantile(counted, 0.5),
        p99_seconds=quantile(counted, 0.99),
        calls=share(counted, lambda answer: answer.calls),
        cost_usd=share(counted, lambda answer: answer.cost_usd),
        amplification=_amplification(counted),
        retried_well=sum(each.retried_well for each in lived) / retried if retried else None,
        masked=sum(not each.failed for each in recoveries) / len(recoveries) if recoveries else None,
        mttr=(_at(felt, 0.5), _at(felt, 0.95), felt[-1]) if felt else None,
        recoveries=recoveries,
    )


def _errors(answers: Sequence[Answer]) -> dict[str, float]:
    """Shares of what went wrong, the most frequent first."""
    names = sorted({_wrong(answer) for answer in answers if not answer.good})
    shares = {name: share(answers, lambda answer, name=name: _wrong(answer) == name) for name in names}  # type: ignore[misc]
    return dict(sorted(shares.items(), key=lambda each: -each[1]))


def _wrong(answer: Answer) -> str:
    if answer.good:
        return ""
    if answer.error:
        return answer.error
    if answer.late:
        return "late"
    return "wrong answer" if answer.rung in ("L0", "L1", "L2") else f"answered by {answer.rung}"


def _amplification(answers: Sequence[Answer]) -> float | None:
    """Calls to a failing vendor by question, over those to it when it is well: one step of an agent is one call."""
    sick = [answer for answer in answers if answer.sick]
    well = [answer for answer in answers if not answer.sick and answer.rung == "L0"]
    if not sick:
        return None
    usual = share(well, lambda answer: answer.calls) if well else 1.0
    return share(sick, lambda answer: answer.sick_calls) / max(1.0, usual)


def _recoveries(lived: Lived, outages: Sequence[Outage]) -> list[Recovery]:
    every = episodes(outages)
    found: defaultdict[int, list[Answer]] = defaultdict(list)
    bounds = [*(episode.start for episode in every), float("inf")]
    place = 0
    for answer in lived.answers:
        while place < len(every) and answer.at >= bounds[place + 1]:
            place += 1
        if every and answer.at >= every[0].start:
            found[place].append(answer)
    return [_recovery(every[place], answers) for place, answers in sorted(found.items()) if _met(every[place], answers)]


def _met(episode: Episode, answers: Sequence[Answer]) -> bool:
    """Whether anything was asked while it lasted."""
    return any(episode.start <= answer.at < episode.end for answer in answers)


def _recovery(episode: Episode, answers: Sequence[Answer]) -> Recovery:
    says = ", ".join(dict.fromkeys(outage.says() for outage in episode.outages))
    failed = sum(not answer.good for answer in answers)
    seconds = max(_spells(answers), default=0.0)
    return Recovery(answers[0].seed, episode.start, episode.end, says, len(answers), failed, seconds)


def _spells(answers: Sequence[Answer]) -> Iterator[float]:
    """Seconds from each answer that failed until answers were good again: `WELL` of them in a row."""
    began: float | None = None
    well: list[float] = []
    for answer in answers:
        well = [*well, answer.at] if answer.good else []
        if not answer.good and began is None:
            began = answer.at
        if began is not None and len(well) == WELL:
            yield well[0] - began
            began = None
    if began is not None:
        yield (well[0] if well else answers[-1].at + answers[-1].seconds) - began


def _at(ordered: Sequence[float], rate: float) -> float:
    return ordered[min(len(ordered) - 1, int(rate * len(ordered)))]
