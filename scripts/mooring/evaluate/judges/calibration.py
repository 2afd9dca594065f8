"""Whether a judge may be believed: how far it agrees with answers that people have labelled.

A calibration set is `evals/calibration/<name>.yaml`; it is no document and has no version:

    description: Tone of the support agent, labelled by @acme/support.
    assert: {type: llm-rubric, value: The answer is friendly.}
    answers:
      - {input: Where is A-1042?, answer: On its way to you., label: pass}
      - {input: Where is A-1042?, answer: Read your mail., label: fail}

An answer may have an `assert` of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from mooring.catalog.nearest import suggestion
from mooring.catalog.parse import parse
from mooring.errors import FindingsError, UsageError
from mooring.evaluate.assertions.judging import AskJudge
from mooring.evaluate.assertions.subject import Subject, Unjudged
from mooring.evaluate.schedule import Budget
from mooring.evaluate.values import Evidence, Reply
from mooring.finding import Finding
from mooring.spec.assertions import kind_of, shape_problems
from mooring.spec.document import Part
from mooring.spec.suite import Assertion

CHECK = "calibration"


class Answer(Part):
    """One answer, and what a person thinks of it."""

    input: str = Field(min_length=1)
    answer: str
    label: Literal["pass", "fail"]
    assertion: Assertion | None = Field(default=None, alias="assert")


class Calibration(Part):
    """Labelled answers. Both labels must be there, or agreement says nothing."""

    description: str = Field(min_length=1)
    assertion: Assertion = Field(alias="assert")
    answers: tuple[Answer, ...] = Field(min_length=2)

    def questions(self) -> Iterator[tuple[Answer, Assertion]]:
        """Every answer, and what is asked about it."""
        for answer in self.answers:
            yield answer, answer.assertion or self.assertion


@dataclass(frozen=True)
class Agreement:
    """How a judge and people agree. `kappa` is None where there is none; `error` says why it could not be found out.

    `good` and `bad` count answers that people passed and failed, `misses` and `alarms` those the judge saw otherwise.
    `cost_usd` is by the prices of its document, whether it was really asked or not.
    """

    judge: str
    calibration: str | None
    minimum: float
    kappa: float | None = None
    good: int = 0
    bad: int = 0
    misses: int = 0
    alarms: int = 0
    error: str | None = None
    evidence: Evidence = "live"
    cost_usd: float = 0.0

    @property
    def may_block(self) -> bool:
        """An agreement that could not be found out takes nothing from the judge: its own errors will be seen."""
        return bool(self.error) or (self.kappa is not None and self.kappa >= self.minimum)

    @property
    def line(self) -> str:
        """One line for a person."""
        who = f"judge {self.judge}" if self.evidence == "live" else f"{self.evidence} judge {self.judge}"
        if self.calibration is None:
            return f"{who} is not calibrated: it reports, and blocks nothing"
        if self.error or self.kappa is None:
            return f"{who}, calibration {self.calibration}: not done: {self.error}"
        answers = self.good + self.bad
        agreed = answers - self.misses - self.alarms
        told = f"kappa {self.kappa:.2f} ({agreed} of {answers} labels, {self.misses} bad answers passed"
        verdict = "it may block" if self.may_block else "it reports, and blocks nothing"
        least = f"{self.minimum:.2f} is asked for: {verdict}"
        return f"{who}, calibration {self.calibration}: {told}, {self.alarms} good ones failed); {least}"


def kappa(labels: Sequence[bool], verdicts: Sequence[bool]) -> float:
    """Cohen's kappa of two raters: 1 is full agreement, 0 what chance gives. Both labels must be among `labels`.

    Source: Cohen, "A coefficient of agreement for nominal scales" (1960).
    """
    total = len(labels)
    observed = sum(label == verdict for label, verdict in zip(labels, verdicts, strict=True)) / total
    yes, said = sum(labels) / total, sum(verdicts) / total
    chance = yes * said + (1 - yes) * (1 - said)
    return (observed - chance) / (1 - chance)


async def agreement(
    judge: str, name: str, minimum: float, labelled: Calibration, ask: AskJudge, money: Budget
) -> Agreement:
    """Asks a judge about every labelled answer, one after the other, as long as there is money."""
    labels = [answer.label == "pass" for answer in labelled.answers]
    verdicts, before = [], money.spent
    for answer, assertion in labelled.questions():
        if not money.reserve():
            return Agreement(judge, name, minimum, error="the budget does not reach", cost_usd=money.spent - before)
        try:
            verdict = await ask(assertion, Subject((answer.input,), (Reply(answer.answer),)))
        except Unjudged as error:
            money.spend(error.cost_usd)
            return Agreement(judge, name, minimum, error=str(error), cost_usd=money.spent - before)
        money.spend(verdict.cost_usd)
        verdicts.append(verdict.passed)
    pairs = list(zip(labels, verdicts, strict=True))
    return Agreement(
        judge=judge,
        calibration=name,
        minimum=minimum,
        kappa=kappa(labels, verdicts),
        good=sum(labels),
        bad=len(labels) - sum(labels),
        misses=pairs.count((False, True)),
        alarms=pairs.count((True, False)),
        cost_usd=money.spent - before,
    )


def read(folder: Path, name: str) -> Calibration:
    """The calibration set of a name. UsageError when there is none, FindingsError when it is none."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = sorted(str(each.relative_to(folder).with_suffix("")) for each in folder.rglob("*.yaml"))
        raise UsageError(f"there is no calibration set {path}{suggestion(name, known)}")
    parsed = parse(str(path), path.read_bytes())
    if parsed.data is None or parsed.findings:
        raise FindingsError(parsed.findings)
    try:
        found = Calibration.model_validate(parsed.data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise FindingsError(
            [
                Finding(
                    str(path), parsed.lines.at(detail["loc"]), ".".join(map(str, detail["loc"])), detail["msg"], CHECK
                )
                for detail in error.errors(include_url=False)
            ]
        ) from None
    if wrong := list(_wrong(found)):
        raise FindingsError([Finding(str(path), parsed.lines.at(at), at, says, CHECK) for at, says in wrong])
    return found


def _wrong(labelled: Calibration) -> Sequence[tuple[str, str]]:
    """(place, message) of what types cannot say."""
    found = []
    asked = [("assert", labelled.assertion)]
    asked += [
        (f"answers.{at}.assert", answer.assertion) for at, answer in enumerate(labelled.answers) if answer.assertion
    ]
    for at, assertion in asked:
        kind = kind_of(assertion.type)
        if kind is None or not kind.judge:
            found.append((f"{at}.type", f"{assertion.type!r} asks no judge"))
        found += [(f"{at}.{place}", problem) for place, problem in shape_problems(assertion)]
    if len({answer.label for answer in labelled.answers}) < 2:
        found.append(("answers", "all labels are the same: agreement with them says nothing"))
    return found
