"""The languages of the status page, and how each writes numbers, times and what is not known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from mooring.language import accepted, lookup
from mooring.report.page.chinese import CHINESE
from mooring.report.page.english import ENGLISH
from mooring.timestamps import seconds

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SPANS = ((86400, "{n} day", "{n} days", "{n} 天"), (3600, "{n} h", "{n} h", "{n} 小时"))
SHORT_SPANS = ((60, "{n} min", "{n} min", "{n} 分钟"), (1, "{n} s", "{n} s", "{n} 秒"))


@dataclass(frozen=True)
class Words:
    """The words of one language. `tag` is its BCP 47 tag, `now` the moment (Unix time) that times are told from.

    Without `now`, nothing is told as so long ago.
    """

    tag: str
    texts: Mapping[str, str]
    now: float | None = None

    def __call__(self, key: str, **values: Any) -> str:
        """A text with its values. Raises KeyError for one that there is not."""
        return self.texts[key].format(**values)

    @property
    def unknown(self) -> str:
        return self.texts["known.not"]

    def word(self, key: str) -> str:
        """A text where there is one for this word, and the word itself where not: a state of a later version."""
        return self.texts.get(key, key)

    def number(self, value: float | None, digits: int = 3) -> str:
        """A number with so many significant digits, whole ones with marks between thousands."""
        if value is None:
            return self.unknown
        if float(value).is_integer() and abs(value) < 1e15:
            return f"{int(value):,}"
        return f"{value:,.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"

    def share(self, value: float | None) -> str:
        """A rate of 0 to 1 in percent, the closer to 0 or 100 the finer: 99.98 %, 97.4 %, 42 %."""
        if value is None:
            return self.unknown
        percent = round(value * 100, 9)
        far = min(abs(percent), abs(100 - percent))
        digits = 0 if far >= 10 or far == 0 else min(3, 1 - math.floor(math.log10(far)))
        text = f"{percent:.{digits}f}"
        return self("percent", n=text.rstrip("0").rstrip(".") if "." in text else text)

    def duration(self, seconds: float | None) -> str:
        """A short time in seconds, or in milliseconds below one second."""
        if seconds is None:
            return self.unknown
        return self("milliseconds", n=f"{seconds * 1000:.3g}") if seconds < 1 else self("seconds", n=f"{seconds:,.3g}")

    def moment(self, value: Any) -> str:
        """A point in time, in UTC; its date too unless it is that of `now`."""
        at = unix(value)
        if at is None:
            return self.unknown
        time = datetime.fromtimestamp(at, UTC)
        clock = f"{time:%H:%M:%S}" if self._today(time) else f"{time:%H:%M}"
        if self._today(time):
            return f"{clock} UTC"
        if self.tag.startswith("zh"):
            return f"{time.month}月{time.day}日 {clock} UTC"
        return f"{time.day} {MONTHS[time.month - 1]} {clock} UTC"

    def _today(self, time: datetime) -> bool:
        return self.now is not None and time.date() == datetime.fromtimestamp(self.now, UTC).date()

    def span(self, length: float) -> str:
        """A duration in its largest whole unit."""
        for size, one, many, chinese in (*SPANS, *SHORT_SPANS):
            if length >= size or size == 1:
                n = max(0, int(length // size))
                return (chinese if self.tag.startswith("zh") else one if n == 1 else many).format(n=n)
        raise AssertionError("a second is the last unit")

    def ago(self, value: Any) -> str:
        """How long before or after `now`; "" where that cannot be told."""
        at = unix(value)
        if at is None or self.now is None:
            return ""
        length = self.span(abs(self.now - at))
        if self.tag.startswith("zh"):
            return f"{length}前" if at <= self.now else f"{length}后"
        return f"{length} ago" if at <= self.now else f"in {length}"

    def when(self, value: Any) -> str:
        """The point in time and how long ago it was."""
        ago = self.ago(value)
        if not ago:
            return self.moment(value)
        return f"{self.moment(value)}（{ago}）" if self.tag.startswith("zh") else f"{self.moment(value)} ({ago})"


def unix(value: Any) -> float | None:
    """Seconds since 1970 of what `mooring.timestamps.iso` wrote, or of a number; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        at = seconds(value) if isinstance(value, str) else float(value)
        datetime.fromtimestamp(at, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return at


LANGUAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": ENGLISH, "zh-CN": CHINESE})
"""By tag; the first is for whoever asks for none of them."""


def words(language: str, now: float | None = None) -> Words:
    """The words of a language, by tag or range: `zh`, `zh-CN` and `zh-Hant-TW` are Chinese."""
    tag = chosen(language, "")
    return Words(tag, LANGUAGES[tag], now)


def chosen(asked: str, accept_language: str) -> str:
    """The tag of the language to answer in: of what was `asked` for, else by the `Accept-Language` header."""
    tags = {tag: tag for tag in LANGUAGES} | {"zh": "zh-CN"}
    for ranges in ((asked,) if asked else (), accepted(accept_language)):
        if found := lookup(ranges, list(tags)):
            return tags[found]
    return next(iter(LANGUAGES))
