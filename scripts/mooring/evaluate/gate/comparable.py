"""What may be compared with what: like with like, or a reason why not."""

from collections.abc import Iterator

from mooring.evaluate.cases import cases, suite_digest
from mooring.evaluate.gate.comparison import Options
from mooring.evaluate.values import Results
from mooring.spec.suite import Case, EvalSuite

UNASKED = {"description", "critical", "tags", "group", "quarantine"}
"""Fields of a case that neither ask nor judge."""


def mismatch(base: Results, head: Results) -> str:
    """Why nothing of the two can be compared, "" when it can."""
    if base.environment != head.environment:
        return f"the base is of environment {base.environment}, the change of {head.environment}"
    if base.evidence != head.evidence:
        return f"the evidence of the base is {base.evidence}, that of the change {head.evidence}"
    return ""


def obstacle(base: Results, suite: EvalSuite, digest: str, options: Options) -> str:
    """Why no case of a suite, of this digest, can be compared; "" when some may be."""
    name = suite.name
    if base.suites[name] == digest:
        return ""
    known = (options.base_suites or {}).get(name)
    if known is None or suite_digest(known) != base.suites[name]:
        return f"{name}: the base was asked another version of the suite"
    if known.agent != suite.agent:
        return f"{name}: the base asked agent {known.agent}, the change asks {suite.agent}"
    if known.judge != suite.judge:
        return f"{name}: the suite's judge is not the base's"
    return ""


def changed(base: Results, suite: EvalSuite, digest: str, options: Options) -> Iterator[str]:
    """Ids of cases that the base was asked in another form. Only where there is no obstacle."""
    if base.suites[suite.name] != digest and options.base_suites:
        before = {case.id: _asked(case) for case in cases(options.base_suites[suite.name])}
        for case in cases(suite):
            if case.id in before and before[case.id] != _asked(case):
                yield case.id


def _asked(case: Case) -> object:
    return case.model_dump(mode="json", exclude=UNASKED)
