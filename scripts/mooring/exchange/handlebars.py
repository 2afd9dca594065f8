"""Handlebars, as dotprompt uses it, into Jinja2.

Source: https://google.github.io/dotprompt/reference/template/ and https://handlebarsjs.com/guide/
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from mooring.exchange.prompts import Line

_TAG = re.compile(
    r"(?P<alone>(?:(?<=\n)|\A)[ \t]*(?P<only>\{\{~?(?:[#/]|else\b)[^{}]*\}\})[ \t]*\n)"
    r"|(?P<escaped>\\\{\{.*?\}\})|\{\{~?!--.*?--~?\}\}|\{\{\{.*?\}\}\}|\{\{.*?\}\}",
    re.DOTALL,
)
_PATH = re.compile(r"(?:\.\./)*(?:this|@?[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*")
_LOOP = {"@index": "loop.index0", "@first": "loop.first", "@last": "loop.last"}
_OWN = {"history": "the runtime puts the conversation there by itself", "media": "messages are text here"}
_BLOCKS = ("if", "unless", "each", "with")


@dataclass(slots=True)
class _Block:
    """An open block; `?` is in front of a condition. `scope` is what its names belong to, None what is outside."""

    helper: str
    scope: str | None = None


@dataclass(slots=True)
class _Writer:
    """Turns one template. `optional` are inputs that may be absent, which Handlebars takes for empty."""

    leave: Callable[[str, str], None]
    optional: Collection[str]
    lines_before: int
    lines: list[Line] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    role: str = "user"
    text: list[str] = field(default_factory=list)
    start: int = 1
    line: int = 1

    def write(self, source: str) -> list[Line]:
        position = 0
        for found in _TAG.finditer(source):
            self.plain(source[position : found.start()])
            self.line = self.lines_before + source.count("\n", 0, found.start()) + 1
            if found["escaped"]:
                self.plain(found["escaped"][1:])
            else:
                self.tag(found["only"] or found.group())
            position = found.end()
        self.plain(source[position:])
        for block in self.blocks:
            self.lose(f"{{{{#{block.helper}}}}} is never closed")
        self.turn("user")
        return self.lines

    def plain(self, text: str) -> None:
        """Text that is not to be read as Jinja2."""
        self.text.append(re.sub(r"\{\{|\{%|\{#|\}\}|%\}|#\}", lambda sign: f'{{{{ "{sign.group()}" }}}}', text))

    def lose(self, why: str) -> None:
        self.leave(f"line {self.line}", why)

    def turn(self, role: str) -> None:
        """Ends a message and starts one of another role."""
        if content := "".join(self.text).strip():
            self.lines.append(Line(self.role, content, f"line {self.start}"))
        self.role, self.text, self.start = role, [], self.line

    def tag(self, tag: str) -> None:
        inner = tag.strip("{}")
        left, right = "-" * inner.startswith("~"), "-" * inner.endswith("~")
        inner = inner.strip("~").strip()
        written = None if inner.startswith("!") else self.meaning(inner)
        if written is not None:
            opening, body, closing = written
            self.text.append(f"{opening}{left} {body} {right}{closing}")

    def meaning(self, inner: str) -> tuple[str, str, str] | None:
        """(opening, body, closing) in Jinja2, or None where nothing is written."""
        if inner.startswith("#"):
            return self.opened(inner[1:].strip())
        if inner.startswith("/"):
            return self.closed(inner[1:].strip())
        if inner == "else" or inner.startswith("else if "):
            return self.otherwise(inner)
        if role := re.fullmatch(r"role\s+[\"'](\w+)[\"']", inner):
            if self.blocks:
                self.lose("a role inside a block: messages cannot depend on a value here")
            else:
                self.turn(role[1])
            return None
        if inner.startswith(">"):
            self.lose(f"the partial {inner[1:].strip()!r} is in another file; import it as a PromptPart and include it")
            return None
        expression = self.expression(inner)
        if expression is None:
            word = inner.split(maxsplit=1)[0] if inner else ""
            self.lose(f"{{{{{inner}}}}} writes nothing: {_OWN.get(word, 'the helper has no counterpart in Jinja2')}")
            return None
        return "{{", self.soft(expression, '""'), "}}"

    def expression(self, path: str) -> str | None:
        if path in _LOOP and any(block.helper == "each" for block in self.blocks):
            return _LOOP[path]
        if path == ".":
            return self.scope(0)
        if not _PATH.fullmatch(path) or "@" in path or path in _OWN:
            return None
        ups = path.count("../")
        scope = self.scope(ups)
        names = path.replace("../", "").split(".")
        if names[0] == "this":
            return ".".join([scope, *names[1:]]) if scope else ".".join(names[1:]) or None
        return ".".join([scope, *names]) if scope else ".".join(names)

    def scope(self, ups: int) -> str | None:
        scopes = [block.scope for block in self.blocks if block.scope]
        return scopes[-1 - ups] if ups < len(scopes) else None

    def soft(self, expression: str, instead: str) -> str:
        """Handlebars writes nothing for what is absent or null; an optional input may be both."""
        there = f"{expression} is defined and {expression} is not none"
        return f"({expression} if {there} else {instead})" if expression in self.optional else expression

    def condition(self, path: str) -> str | None:
        expression = self.expression(path)
        soft = expression is not None and expression in self.optional
        return f"{expression} is defined and {expression}" if soft else expression

    def opened(self, inner: str) -> tuple[str, str, str] | None:
        helper, _, path = inner.partition(" ")
        path = path.strip()
        value = self.condition(path) if helper in _BLOCKS else None
        if value is None:
            self.lose(f"{{{{#{inner}}}}} has no counterpart in Jinja2; its content is written always")
            self.blocks.append(_Block(helper))
            return None
        if helper == "with":
            self.blocks.append(_Block(helper, self.expression(path)))
            return "{%", f"if {value}", "%}"
        if helper == "each":
            item = f"item{len(self.blocks) or ''}"
            items = self.soft(self.expression(path) or "", "[]")
            self.blocks.append(_Block(helper, item))
            return "{%", f"for {item} in {items}", "%}"
        self.blocks.append(_Block(f"?{helper}"))
        return "{%", f"if not ({value})" if helper == "unless" else f"if {value}", "%}"

    def closed(self, helper: str) -> tuple[str, str, str] | None:
        if not self.blocks or self.blocks[-1].helper.lstrip("?") != helper:
            self.lose(f"{{{{/{helper}}}}} closes nothing")
            return None
        block = self.blocks.pop()
        if block.helper == "each":
            return "{%", "endfor", "%}"
        return ("{%", "endif", "%}") if block.helper in ("with", "?if", "?unless") else None

    def otherwise(self, inner: str) -> tuple[str, str, str] | None:
        known = bool(self.blocks) and self.blocks[-1].helper in ("each", "with", "?if", "?unless")
        value = self.condition(inner.removeprefix("else if ").strip()) if inner != "else" else ""
        if not known or value is None or (value and self.blocks[-1].helper == "each"):
            self.lose(f"{{{{{inner}}}}} belongs to nothing that was carried over")
            return None
        return "{%", f"elif {value}" if value else "else", "%}"


def messages(
    source: str, optional: Collection[str], leave: Callable[[str, str], None], lines_before: int = 0
) -> list[Line]:
    """The messages of a template; `leave(path, why)` is told what Jinja2 cannot say."""
    return _Writer(leave, optional, lines_before, start=lines_before + 1).write(source)
