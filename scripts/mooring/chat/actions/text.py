"""A text in the languages of chat, which stand beside each other where they are written."""

from typing import Any, NamedTuple

from mooring.chat.command import Language
from mooring.timestamps import UNITS

_CHINESE = {"day": "天", "h": "小时", "min": "分钟", "s": "秒"}


class Text(NamedTuple):
    """Called with the language and the values that stand in braces."""

    english: str
    chinese: str

    def __call__(self, language: Language, **values: Any) -> str:
        return (self.chinese if language == "zh-CN" else self.english).format(**values)


def lasting(seconds: float, language: Language) -> str:
    """A duration in its largest whole unit: `3 min`, `3 分钟`."""
    from mooring.timestamps import span

    if language != "zh-CN":
        return span(seconds)
    count, name = next(((int(seconds // size), name) for size, name in UNITS if seconds >= size), (0, "s"))
    return f"{count} {_CHINESE[name]}"


def ago(then: float, now: float, language: Language) -> str:
    """How long before `now`, which is not before it."""
    return AGO(language, span=lasting(max(0.0, now - then), language))


def moment(seconds: float) -> str:
    """Unix time as every language here reads it: `2026-03-01 12:00 UTC`."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


AGO = Text("{span} ago", "{span}前")
