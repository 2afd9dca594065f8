"""What `value` and `threshold` of an assertion are, type by type: one table.

Types have promptfoo's names where it has them; `cost`, `latency` and `levenshtein` take their maximum as
`threshold`, as there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from mooring.language import LANGUAGES, Code
from mooring.spec.dag import Dag
from mooring.spec.suite import Assertion
from mooring.spec.values import (
    ArgsMatch,
    Canaries,
    Context,
    Count,
    Json,
    Metric,
    Nothing,
    Patterns,
    References,
    Rubric,
    Rungs,
    Schema,
    Sequence,
    Text,
    Texts,
    ToolPolicy,
    Tools,
    ToolUse,
)

NOT = "not-"
"""In front of a deterministic type it turns the assertion round."""

DEEPEVAL = "deepeval:"
"""In front of the name of one of deepeval's metrics, without its `Metric` at the end."""

LEVENSHTEIN, ROUGE = "levenshtein", "rouge-n"

ALL_TOOLS = "*"
"""In `maxCalls`: all calls together."""

Threshold = Literal["share", "dollars", "seconds", "edits"]
LIMITS: Mapping[Threshold, tuple[float, str]] = MappingProxyType(
    {
        "share": (1, "a share from 0 to 1"),
        "dollars": (1000, "US dollars, above 0"),
        "seconds": (600, "seconds, above 0 and at most 600; promptfoo has milliseconds"),
        "edits": (100_000, "a number of edits, at least 0"),
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of assertion. `value` is the type of its value, `says` the same in words.

    `critical` is zero tolerance: such an assertion fails its case whatever the threshold of the case is. `default` is
    the threshold where none is given; None where that is said elsewhere.
    """

    value: Any
    says: str
    threshold: Threshold | None = None
    needs_threshold: bool = False
    judge: bool = False
    critical: bool = False
    default: float | None = None

    def read(self, value: Any) -> Any:
        """The value as its model. ValidationError when it is of another shape."""
        return _adapter(self.value).validate_python(value, by_alias=True, by_name=False)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


_TEXTS = "a list of texts"
_RUBRIC = "a rubric in words, or {rubric, steps, expected}"
_METRIC = "nothing, or {args, context, expected}"

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "equals": Kind(Json, "what the answer must be: a text, or JSON"),
        "contains": Kind(Text, "a text"),
        "icontains": Kind(Text, "a text"),
        "contains-any": Kind(Texts, _TEXTS),
        "contains-all": Kind(Texts, _TEXTS),
        "starts-with": Kind(Text, "a text"),
        "regex": Kind(Text, "a regular expression"),
        "is-json": Kind(Schema | None, "nothing, or a JSON Schema"),
        "contains-json": Kind(Schema | None, "nothing, or a JSON Schema"),
        "json-schema": Kind(Schema, "a JSON Schema"),
        "similar": Kind(Text, "a text", threshold="share"),
        LEVENSHTEIN: Kind(Text, "a text", threshold="edits", default=5),
        ROUGE: Kind(Text, "a text", threshold="share", default=0.75),
        "bleu": Kind(References, "a text, or a list of texts", threshold="share", default=0.5),
        "is-refusal": Kind(Nothing, "nothing"),
        "language": Kind(Code, f"a code: {', '.join(LANGUAGES)}"),
        "word-count": Kind(Count, "a number, or {min, max}"),
        "cost": Kind(Nothing, "nothing", threshold="dollars", needs_threshold=True),
        "latency": Kind(Nothing, "nothing", threshold="seconds", needs_threshold=True),
        "rung": Kind(Rungs, "a rung such as L0, or a list of them"),
        "trajectory:tool-used": Kind(ToolUse, "a tool, a list of tools, or {name, min, max}"),
        "trajectory:tool-args-match": Kind(ArgsMatch, "{name, args, mode: partial|exact}"),
        "trajectory:tool-sequence": Kind(Sequence, "a list of tools, or {steps, mode: in-order|exact}"),
        "trajectory:step-count": Kind(Count, "a number, or {min, max}"),
        "awaits-approval": Kind(Tools | None, "nothing, a tool, or a list of tools"),
        "tool-policy": Kind(ToolPolicy, "{allowed, forbidden, before, maxCalls}", critical=True),
        "no-secret": Kind(Patterns | None, "nothing, or a list of further regular expressions", critical=True),
        "no-untrusted-echo": Kind(Canaries, "a list of texts, or {canaries, calls}", critical=True),
        "llm-rubric": Kind(Rubric, _RUBRIC, threshold="share", judge=True),
        "dag": Kind(Dag, "{nodes}", threshold="share", judge=True),
        "factuality": Kind(Text, "an answer that is right", judge=True),
        "closed-qa": Kind(Text, "a criterion in words", judge=True),
        "faithfulness": Kind(Context | None, "nothing, or {context}", threshold="share", judge=True),
    }
)

_DETERMINISTIC = ("AgentLoopDetection", "ExactMatch", "PatternMatch", "ToolCorrectness", "ToolPermission")
_JUDGED = (
    *("AnswerRelevancy", "ArgumentCorrectness", "Bias", "ContextualPrecision", "ContextualRecall"),
    *("ContextualRelevancy", "ConversationCompleteness", "Faithfulness", "GoalAccuracy", "Hallucination"),
    *("JsonCorrectness", "KnowledgeRetention", "Misuse", "NonAdvice", "PIILeakage", "PlanAdherence", "PlanQuality"),
    *("PromptAlignment", "RoleAdherence", "RoleViolation", "StepEfficiency", "Summarization", "TaskCompletion"),
    *("ToolUse", "TopicAdherence", "Toxicity", "TurnContextualPrecision", "TurnContextualRecall"),
    *("TurnContextualRelevancy", "TurnFaithfulness", "TurnRelevancy"),
)
METRICS: Mapping[str, Kind] = MappingProxyType(
    {
        **{name: Kind(Metric | None, _METRIC, threshold="share") for name in _DETERMINISTIC},
        **{name: Kind(Metric | None, _METRIC, threshold="share", judge=True) for name in _JUDGED},
    }
)
"""deepeval's metrics that judge a conversation in text."""


def types() -> list[str]:
    """Every type, without those that are turned round."""
    return [*KINDS, *(f"{DEEPEVAL}{name}" for name in METRICS)]


def kind_of(type_: str) -> Kind | None:
    """The kind of a type as it is written, None when there is none. Only deterministic kinds can be turned round."""
    if type_.startswith(DEEPEVAL):
        return METRICS.get(type_.removeprefix(DEEPEVAL))
    kind = KINDS.get(type_.removeprefix(NOT))
    return None if kind and type_.startswith(NOT) and (kind.judge or kind.critical) else kind


def asks_a_judge(assertion: Assertion) -> bool:
    """Whether a model is asked about the answer."""
    kind = kind_of(assertion.type)
    return kind is not None and kind.judge


def decides(assertion: Assertion) -> bool:
    """Whether every class of evidence judges it and the judgement counts: a replayed answer took no time."""
    return assertion.weight > 0 and assertion.type.removeprefix(NOT) != "latency"


def needs_extras(assertion: Assertion) -> bool:
    """Whether what only evaluations need must be there: deepeval, also for metrics that ask no model, or sacrebleu."""
    return asks_a_judge(assertion) or assertion.type.startswith(DEEPEVAL) or assertion.type.removeprefix(NOT) == "bleu"


def named_tools(assertion: Assertion) -> list[str]:
    """Tools that an assertion names; none where its value is of the wrong shape."""
    kind = kind_of(assertion.type)
    if kind is None or any(shape_problems(assertion)):
        return []
    value = kind.read(assertion.value)
    if isinstance(value, ToolUse):
        return list(value.name)
    if isinstance(value, ArgsMatch):
        return [value.name]
    if isinstance(value, Sequence):
        return list(value.steps)
    if isinstance(value, Canaries):
        return list(value.calls)
    if isinstance(value, ToolPolicy):
        ordered = [name for rule in value.before for name in (rule.first, rule.then)]
        counted = [name for name in value.max_calls if name != ALL_TOOLS]
        return [*(value.allowed or ()), *(value.forbidden or ()), *ordered, *counted]
    return list(value or ()) if assertion.type.removeprefix(NOT) == "awaits-approval" else []


def shape_problems(assertion: Assertion) -> Iterator[tuple[str, str]]:
    """(dotted place below the assertion, what is wrong), for a type that is known."""
    kind = kind_of(assertion.type)
    if kind is None:
        return
    try:
        kind.read(assertion.value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(["value", *(str(step) for step in first["loc"])])
        yield place, f"the value of `{assertion.type}` is {kind.says}: {_words(first)}"
    yield from _threshold(assertion, kind)


def _words(error: ErrorDetails) -> str:
    """What is wrong, for a person; the value itself is not repeated."""
    if error["type"] == "extra_forbidden":
        return f"unknown key {str(error['loc'][-1])!r}"
    if error["type"] == "missing":
        return f"{str(error['loc'][-1])!r} is missing"
    kinds = {"string_type": "text", "tuple_type": "a list", "dict_type": "a mapping", "model_type": "a mapping"}
    if error["type"] in kinds:
        return f"it must be {kinds[error['type']]}"
    plain = error["msg"].removeprefix("Value error, ").replace("Input should", "it must")
    return plain[:1].lower() + plain[1:]


def _threshold(assertion: Assertion, kind: Kind) -> Iterator[tuple[str, str]]:
    limit = assertion.threshold
    if kind.threshold is None:
        if limit is not None:
            yield "threshold", f"`{assertion.type}` either holds or not: it takes no threshold"
        return
    most, says = LIMITS[kind.threshold]
    if limit is None and kind.needs_threshold:
        yield "threshold", f"`{assertion.type}` needs a threshold: {says}"
    least = 0 if kind.threshold in ("share", "edits") else 1e-9
    if limit is not None and not least <= limit <= most:
        yield "threshold", f"the threshold of `{assertion.type}` is {says}"
