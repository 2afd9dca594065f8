"""Assertions about what an answer took."""

from mooring.evaluate.assertions.subject import Subject, Verdict, listed


def cost(subject: Subject, _: None, threshold: float | None) -> Verdict:
    """US dollars of the whole conversation."""
    most, spent = threshold or 0.0, subject.cost_usd
    return Verdict(spent <= most, f"${spent:.6f} was spent, at most ${most:g} is allowed")


def latency(subject: Subject, _: None, threshold: float | None) -> Verdict:
    """Seconds of the slowest answer. A replayed answer has none: it is not judged, and counts for nothing."""
    slowest, most = subject.latency_seconds, threshold or 0.0
    if slowest is None:
        return Verdict(True, "not measured: the answer was replayed from a recording", counts=False)
    return Verdict(slowest <= most, f"the answer took {slowest:.2f} s, at most {most:g} s is allowed")


def rung(subject: Subject, rungs: tuple[str, ...], _: float | None) -> Verdict:
    """Every answer came from one of the rungs."""
    took = [reply.rung for reply in subject.replies]
    return Verdict(set(took) <= set(rungs), f"answered from {listed(took)}, expected {listed(rungs)}")
