"""From a comparison and its verdict to the behavioural plan."""

import math
from collections.abc import Iterable

from mooring.change.diff import diff
from mooring.evaluate.behaviour.cases import reports
from mooring.evaluate.behaviour.contracts import contracts
from mooring.evaluate.behaviour.prompts import prompt_diffs
from mooring.evaluate.behaviour.values import Behaviour, Sample
from mooring.evaluate.behaviour.weakening import weakened
from mooring.evaluate.gate.comparison import Comparison
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.select import Side
from mooring.evaluate.values import Score, Trial


def behavioural_plan(comparison: Comparison, verdict: Verdict, base: Side | None, head: Side) -> Behaviour:
    """What the head says and does differently. `base` and `head` are all the documents of each side."""
    changes = diff(head.content, base.content) if base else ()
    keys = [pair.key for pair in comparison.pairs]
    before = comparison.base.prompts if comparison.base else {}
    diffs, having = prompt_diffs(before, comparison.head.prompts, keys)
    paired = {pair.key for pair in comparison.pairs if pair.base}
    old = [trial for trial in comparison.base.trials if _key(trial) in paired] if comparison.base else []
    new = [trial for trial in comparison.head.trials if not paired or _key(trial) in paired]
    return Behaviour(
        environment=comparison.head.environment,
        evidence=comparison.head.evidence,
        stood_in=comparison.head.stood_in,
        seed=comparison.head.seed,
        started=comparison.head.started,
        complete=comparison.head.complete and (comparison.base is None or comparison.base.complete),
        base=comparison.base.release if comparison.base else None,
        head=comparison.head.release,
        verdict=verdict,
        cases=reports(comparison, verdict, having),
        prompts=diffs,
        contracts=contracts(changes),
        weakened=weakened(base, head, changes) if base else (),
        old=_sample(old),
        new=_sample(new),
        unruled=comparison.head.unruled,
    )


def _key(trial: Trial) -> tuple[str, str]:
    return trial.suite, trial.case


def _sample(trials: Iterable[Trial]) -> Sample:
    judged = [trial for trial in trials if trial.passed is not None]
    latencies = [[reply.latency_seconds for reply in trial.replies] for trial in judged if trial.evidence == "live"]
    return Sample(
        scores=tuple(_score(trial.scores, bool(trial.passed)) for trial in judged),
        costs_usd=tuple(math.fsum(reply.cost_usd for reply in trial.replies) for trial in judged),
        latencies_seconds=tuple(
            math.fsum(one for one in times if one is not None) for times in latencies if times and None not in times
        ),
    )


def _score(scores: Iterable[Score], passed: bool) -> float:
    """The weighted mean of what counts, 0 to 1."""
    counted = [score for score in scores if score.blocking and not score.error]
    total = math.fsum(score.weight for score in counted)
    return math.fsum(score.score * score.weight for score in counted) / total if total else float(passed)
