"""The table of deterministic assertions: what is run for a type. Their values' shapes are in `spec.assertions`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mooring.evaluate.assertions import data, language, measures, overlap, refusal, safety, text, trajectory
from mooring.evaluate.assertions.subject import Subject, Verdict

Check = Callable[[Subject, Any, float | None], Verdict]
"""(what is looked at, the value as its model, the threshold as it is written)."""

ASSERTIONS: Mapping[str, Check] = MappingProxyType(
    {
        "equals": text.equals,
        "contains": text.contains,
        "icontains": text.icontains,
        "contains-any": text.contains_any,
        "contains-all": text.contains_all,
        "starts-with": text.starts_with,
        "regex": text.regex,
        "is-json": data.is_json,
        "contains-json": data.contains_json,
        "json-schema": data.is_json,
        "similar": text.similar,
        "levenshtein": overlap.levenshtein,
        "rouge-n": overlap.rouge_n,
        "bleu": overlap.bleu,
        "is-refusal": refusal.is_refusal,
        "language": language.language,
        "word-count": text.word_count,
        "cost": measures.cost,
        "latency": measures.latency,
        "rung": measures.rung,
        "trajectory:tool-used": trajectory.tool_used,
        "trajectory:tool-args-match": trajectory.args_match,
        "trajectory:tool-sequence": trajectory.tool_sequence,
        "trajectory:step-count": trajectory.step_count,
        "awaits-approval": safety.awaits_approval,
        "tool-policy": safety.tool_policy,
        "no-secret": safety.no_secret,
        "no-untrusted-echo": safety.no_untrusted_echo,
    }
)
