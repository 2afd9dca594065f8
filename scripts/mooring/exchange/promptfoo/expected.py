"""One cell of an `__expected` column: an assertion in short, such as `contains-any: a, b` or `similar(0.8): Hello`.

Source: https://www.promptfoo.dev/docs/configuration/expected-outputs/#assertion-string-syntax
"""

import csv
import re
from typing import Any

from mooring.catalog.nearest import nearest

TYPES = (
    *("agent-rubric", "answer-relevance", "bleu", "classifier", "contains", "contains-all", "contains-any"),
    *("contains-html", "contains-json", "contains-sql", "contains-xml", "context-faithfulness", "context-recall"),
    *("context-relevance", "conversation-relevance", "cost", "equals", "factuality", "finish-reason", "g-eval"),
    *("gleu", "guardrails", "icontains", "icontains-all", "icontains-any", "is-html", "is-json", "is-refusal"),
    *("is-sql", "is-valid-function-call", "is-valid-openai-function-call", "is-valid-openai-tools-call", "is-xml"),
    *("javascript", "latency", "levenshtein", "llm-rubric", "meteor", "model-graded-closedqa"),
    *("model-graded-factuality", "moderation", "perplexity", "perplexity-score", "pi", "python", "regex", "rouge-n"),
    *("ruby", "search-rubric", "similar", "skill-used", "starts-with", "tool-call-f1", "trace-error-spans"),
    *("trace-span-count", "trace-span-duration", "trajectory:goal-success", "trajectory:step-count"),
    *("trajectory:tool-args-match", "trajectory:tool-sequence", "trajectory:tool-used", "webhook", "word-count"),
)
_SHORT = re.compile(
    rf"(?P<type>(?:not-)?(?P<plain>{'|'.join(map(re.escape, TYPES))}))"
    r"(?:\((?P<threshold>\d+(?:\.\d+)?)\))?(?::(?P<value>.*))?",
    re.DOTALL,
)
_CODE = {"javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python", "ruby:": "ruby"}
_FILE = re.compile(r"file://.*\.(?P<suffix>[cm]?[jt]s|py)(?::\w+)?")
_LISTS = ("contains-all", "contains-any", "icontains-all", "icontains-any")
_MEASURED = (
    *("answer-relevance", "classifier", "context-faithfulness", "context-recall", "context-relevance", "cost"),
    *("latency", "levenshtein", "perplexity", "perplexity-score", "rouge-n", "similar"),
)
"""Types that have a threshold in this form even where none is written: `_USUAL`, or `_SIMILAR`."""
_USUAL, _SIMILAR = 0.75, 0.8


def assertion(cell: str) -> dict[str, Any]:
    """What a cell that is not empty says, in promptfoo's long form. A text that names no type must be equalled."""
    text = cell.strip()
    for start, type_ in _CODE.items():
        if text.startswith(start):
            return {"type": type_, "value": text.removeprefix(start).strip()}
    if text.startswith("grade:"):
        return {"type": "llm-rubric", "value": text.removeprefix("grade:").strip()}
    if code := _FILE.fullmatch(text):
        return {"type": "python" if code["suffix"] == "py" else "javascript", "value": text}
    found = _SHORT.fullmatch(text)
    return {"type": "equals", "value": text} if found is None else _long(found)


def mistaken(cell: str) -> str | None:
    """The type that a cell may have meant, where it starts like a short form and names no type."""
    found = re.match(r"(?:not-)?([a-z]+(?:-[a-z]+)*) ?(?:\([\d.]*\))? ?:", cell.strip())
    return nearest(found[1], TYPES) if found and assertion(cell)["type"] == "equals" and found[1] != "equals" else None


def _long(found: re.Match[str]) -> dict[str, Any]:
    plain, value = found["plain"], (found["value"] or "").strip()
    made: dict[str, Any] = {"type": found["type"]}
    if value:
        made["value"] = _listed(value) if plain in _LISTS else value
    if plain in _MEASURED:
        usual = _SIMILAR if plain == "similar" else _USUAL
        made["threshold"] = float(found["threshold"]) if found["threshold"] else usual
    elif found["threshold"] and plain != "starts-with":
        made["threshold"] = float(found["threshold"])
    return made


def _listed(value: str) -> list[str]:
    """Parts between commas; a part in quotation marks may hold some."""
    parts = next(csv.reader([value], skipinitialspace=True)) if '"' in value and "\n" not in value else value.split(",")
    return [part.strip() for part in parts if part.strip()]
