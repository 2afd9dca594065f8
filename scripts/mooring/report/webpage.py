"""HTML pages that need nothing else: one template each, whose own script and style are all that may run."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.change.wording import visible

if TYPE_CHECKING:
    from jinja2 import Template

PALETTE = Path(__file__).with_name("palette.css")
"""Colors of every page, light and dark."""


def source(file: Path) -> str:
    """The text of a template, with the colors in the place of `/* palette */`."""
    return file.read_text(encoding="utf-8").replace("/* palette */", PALETTE.read_text(encoding="utf-8").strip())


def template(text: str, filters: Mapping[str, Callable[..., Any]]) -> "Template":
    """A template that escapes whatever is put into it, and refuses what it was not given."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(filters)
    return environment.from_string(text)


def policy(text: str, *more: str) -> str:
    """A Content-Security-Policy by which nothing runs or loads but the template's own script and style, and `more`.

    Source: https://www.w3.org/TR/CSP3/, section 6.7.3.3 (hashes of inline elements).
    """
    own = {tag: re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("script", "style")}
    allowed = (f"{tag}-src {' '.join(map(_hash, found))}" for tag, found in own.items())
    return "; ".join(["default-src 'none'", *allowed, *more, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def whole(text: str) -> str:
    """Text of several lines, without control characters that a terminal or browser would obey."""
    plain = text.replace("\r\n", "\n").replace("\t", "    ")
    return "".join(one if one == "\n" else visible(one) for one in plain)
