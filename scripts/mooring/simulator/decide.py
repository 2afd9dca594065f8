"""Which rule answers a conversation, and what it says: a pure function of rules and request."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import JsonValue

from mooring.language import words
from mooring.simulator import template
from mooring.simulator.conversation import Conversation
from mooring.simulator.rulebook import Rulebook
from mooring.simulator.rules import Fact, Reply, Rule, When

_FLAGS = re.IGNORECASE | re.MULTILINE


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model replies: text, or calls as (tool, JSON text of its arguments), or both; `rule` is who said so."""

    rule: str
    content: str = ""
    calls: tuple[tuple[str, str], ...] = field(default=())


def decide(book: Rulebook, conversation: Conversation) -> Decision | None:
    """The reply of the first rule that matches, None where none does."""
    known = _facts(book, conversation)
    for section in book.sections:
        if (common := _match(section.when, conversation, known)) is None:
            continue
        for rule in section.rules:
            if _has_called(rule, conversation):
                continue
            if (variables := _match(rule.when, conversation, common)) is not None:
                return _reply(book, conversation, rule.id, rule.reply, variables)
    return None


def _facts(book: Rulebook, conversation: Conversation) -> dict[str, Any]:
    built_in = {
        "model": conversation.model,
        "system": conversation.system,
        "user": conversation.user,
        "earlier": conversation.earlier,
        "tools": sorted(conversation.tools),
        "results": conversation.results,
        "lang": _language(book, conversation),
    }
    known = built_in | {name: _fact(fact, conversation) for name, fact in book.facts.items()}
    for name, expression in book.terms.items():
        known[name] = template.value(expression, known)
    return known


def _fact(fact: Fact, conversation: Conversation) -> str | None:
    for place in fact.places:
        search = _kept if place == "system" else _last
        if (found := search(fact.pattern, getattr(conversation, place))) is not None:
            return found
    return None


def _last(pattern: str, text: str) -> str | None:
    found = list(re.finditer(pattern, text, _FLAGS))
    return next((group for group in found[-1].groups() if group), found[-1].group()) if found else None


_kept = lru_cache(512)(_last)
"""A system prompt is searched again with every request."""


def _language(book: Rulebook, conversation: Conversation) -> str:
    """The language of the last user message, `en` unless the system prompt tells the model to follow it."""
    said = words(conversation.user)
    for code, language in book.languages.items():
        hits = sum(word in language.words for word in said)
        if hits and hits >= len(said) / 8 and re.search(language.system, conversation.system, _FLAGS):
            return code
    return "en"


def _has_called(rule: Rule, conversation: Conversation) -> bool:
    """Whether all that the rule would call has answered in this turn."""
    calls = rule.reply.calls
    return bool(calls) and all(call.tool in conversation.results for call in calls)


def _match(when: When, conversation: Conversation, known: dict[str, Any]) -> dict[str, Any] | None:
    """What is known with what the conditions give, or None when one does not hold."""
    given = _conditions(when, conversation)
    if given is None:
        return None
    variables = known | given
    return variables if not when.test or template.holds(when.test, variables) else None


def _conditions(when: When, conversation: Conversation) -> dict[str, Any] | None:
    """What the conditions give, without their test; None when one does not hold."""
    tools, results = conversation.tools, conversation.results
    lacking = (when.system_lacks, conversation.system), (when.user_lacks, conversation.user)
    if (
        (when.model and not re.search(when.model, conversation.model, _FLAGS))
        or not tools.keys() >= set(when.tools)
        or not tools.keys().isdisjoint(when.tools_lack)
        or not results.keys() >= set(when.results.values())
        or not results.keys().isdisjoint(when.results_lack)
        or any(re.search(pattern, text, _FLAGS) for patterns, text in lacking for pattern in patterns)
    ):
        return None
    given: dict[str, Any] = {name: results[tool] for name, tool in when.results.items()}
    for patterns, text in ((when.system, conversation.system), (when.user, conversation.user)):
        for pattern in patterns:
            found = re.search(pattern, text, _FLAGS)
            if found is None:
                return None
            given |= found.groupdict()
    return given


def _reply(
    book: Rulebook, conversation: Conversation, rule: str, reply: Reply, variables: Mapping[str, Any]
) -> Decision:
    vendor = book.vendor(conversation.model)
    texts = [reply.terse, reply.content] if vendor and vendor.style == "terse" and reply.terse else [reply.content]
    found = (by_language[lang] for lang in (variables["lang"], "en") for by_language in texts if lang in by_language)
    content = next(found, "")
    calls = tuple((call.tool, json.dumps(_fill(call.arguments, variables), ensure_ascii=False)) for call in reply.calls)
    return Decision(rule, template.render(content, variables), calls)


def _fill(value: JsonValue, variables: Mapping[str, Any]) -> JsonValue:
    """The value with every text in it rendered."""
    if isinstance(value, str):
        return template.render(value, variables)
    if isinstance(value, list):
        return [_fill(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, variables) for key, item in value.items()}
    return value
