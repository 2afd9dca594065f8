"""What each type of promptfoo's assertions is here."""

import re
from collections.abc import Callable, Iterator, Mapping
from math import floor
from types import MappingProxyType
from typing import Any

from mooring.exchange.files import Unusable, data_of
from mooring.exchange.intake import Intake
from mooring.spec.assertions import DEEPEVAL, NOT

Made = dict[str, Any]
"""An assertion in our long form: type, value, threshold, weight, metric."""

_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "g-eval": "llm-rubric",
        "model-graded-closedqa": "closed-qa",
        "model-graded-factuality": "factuality",
        "similar:cosine": "similar",
        "is-valid-json": "is-json",
    }
)
_TEXTS = ("contains", "icontains", "starts-with", "regex", "similar", "levenshtein", "rouge-n", "bleu")
_LISTS = ("contains-any", "contains-all", "icontains-any", "icontains-all")
_SCHEMAS = ("is-json", "contains-json")
_RELEVANT = 0.7
"""What promptfoo's answer-relevance asks for where no threshold is given."""

_CHOSEN: Mapping[str, str] = MappingProxyType(
    {
        "similar": "similarity is measured without a model here: look at the threshold again",
        "rouge-n": "the share of the reference's words, without case and punctuation: look at the threshold again",
        "bleu": "measured by sacrebleu, without case: look at the threshold again",
        "answer-relevance": "measured by deepeval's AnswerRelevancy: look at the threshold again",
        "context-faithfulness": "measured by deepeval's Faithfulness: look at the threshold again",
        "context-recall": "measured by deepeval's ContextualRecall: look at the threshold again",
        "context-relevance": "measured by deepeval's ContextualRelevancy: look at the threshold again",
    }
)


def translated(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Iterator[Made]:
    """One or more assertions that together say the same; of a type of ours, or of one that is not known.

    Raises Unusable when its value cannot be carried over.
    """
    plain, turned = given["type"].removeprefix(NOT), NOT if given["type"].startswith(NOT) else ""
    if plain in _CHOSEN:
        intake.choose(path, _CHOSEN[plain])
    special = _SPECIAL.get(plain)
    made = special(intake, path, given, variables) if special else {"type": plain, "value": _plain(plain, given)}
    name = _ALIASES.get(made["type"], made["type"])
    merged = {"type": "", "value": None, **given, **made} | {"type": f"{turned}{name}"}
    yield {key: value for key, value in merged.items() if value is not None}


def _plain(type_: str, given: Made) -> Any:
    value = given["value"]
    if type_ in _TEXTS and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value}"
    if type_ in _SCHEMAS:
        return _schema(value)
    if type_ == "word-count" and isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if type_ == "g-eval" and isinstance(value, list):
        return {"steps": value}
    return value


def _schema(value: Any) -> Any:
    """A JSON Schema, also one that is written as a text of JSON or YAML."""
    if isinstance(value, str) and value.strip():
        try:
            value = data_of("schema.yaml" if value.lstrip()[:1] not in ("{", "[") else "schema", value.encode())
        except Unusable as error:
            raise Unusable(f"is no JSON Schema: {error}") from None
    if value in ("", {}, True) or (isinstance(value, str) and not value.strip()):
        return None
    if value is not None and not isinstance(value, dict):
        raise Unusable("is no JSON Schema that says something")
    return value


def _words(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Made:
    value = given["value"]
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list):
        value = [str(each) if isinstance(each, int | float) else each for each in value]
    plain = given["type"].removeprefix(NOT)
    if not plain.startswith("i") or not isinstance(value, list):
        return {"type": plain, "value": value}
    words = [re.escape(str(each)) for each in value]
    whole = "|".join(words) if plain == "icontains-any" else "".join(f"(?=.*{word})" for word in words)
    return {"type": "regex", "value": f"(?is)(?:{whole})" if words else None}


def _edits(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Made:
    limit, made = given.get("threshold"), {"type": "levenshtein", "value": _plain("levenshtein", given)}
    if not isinstance(limit, float):
        return made
    if limit != floor(limit):
        intake.choose(f"{path}.threshold", f"{limit:g} edits are {floor(limit)}, as they are whole")
    return {**made, "threshold": floor(limit)}


def _latency(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Made:
    limit = given.get("threshold")
    if not isinstance(limit, int | float):
        return {"type": "latency", "value": None}
    intake.choose(f"{path}.threshold", f"{limit:g} milliseconds are {limit / 1000:g} seconds here")
    return {"type": "latency", "value": None, "threshold": limit / 1000}


def _cost(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Made:
    return {"type": "cost", "value": None}


def _relevant(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Made:
    """promptfoo does not look at its value."""
    threshold = given.get("threshold", _RELEVANT)
    return {"type": f"{DEEPEVAL}AnswerRelevancy", "value": None, "threshold": threshold}


def _context(intake: Intake, path: str, given: Made, variables: Mapping[str, Any]) -> Made:
    """Assertions about the variable `context`, which promptfoo takes for what was looked up."""
    context = variables.get("context")
    texts = [context] if isinstance(context, str) else context
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise Unusable("there is no variable `context` with the texts that it is about")
    plain = given["type"].removeprefix(NOT)
    if plain == "context-faithfulness":
        return {"type": "faithfulness", "value": {"context": texts}}
    if plain == "context-relevance":
        return {"type": f"{DEEPEVAL}ContextualRelevancy", "value": {"context": texts}}
    return {"type": f"{DEEPEVAL}ContextualRecall", "value": {"context": texts, "expected": given["value"]}}


_SPECIAL: Mapping[str, Callable[[Intake, str, Made, Mapping[str, Any]], Made]] = MappingProxyType(
    {
        **dict.fromkeys(_LISTS, _words),
        **dict.fromkeys(("context-faithfulness", "context-recall", "context-relevance"), _context),
        "levenshtein": _edits,
        "latency": _latency,
        "cost": _cost,
        "answer-relevance": _relevant,
    }
)
