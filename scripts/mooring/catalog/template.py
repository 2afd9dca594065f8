"""What a Jinja2 template uses, found without rendering it, and its includes written in."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

Found = tuple[str, int]
"""A name, or a message, and its line in the template, counted from 1."""

_ALLOWED = frozenset(
    {
        "Template",
        "Output",
        "TemplateData",
        "Const",
        "Name",
        "Getattr",
        "Getitem",
        "Slice",
        "Filter",
        "Test",
        "If",
        "For",
    }
    | {"Assign", "Compare", "Operand", "And", "Or", "Not", "Neg", "Pos", "CondExpr", "Concat", "Add", "Sub", "Div"}
    | {"FloorDiv", "Mod", "List", "Tuple", "Dict", "Pair", "Keyword", "Include"}
)
"""Nodes that read values and write text; calls, imports, macros, powers and products are not among them."""


@dataclass(frozen=True, slots=True)
class Template:
    """`variables` are the names it takes from outside, each with the line of its first use."""

    variables: dict[str, int]
    includes: tuple[Found, ...] = ()
    unsafe: tuple[Found, ...] = ()
    error: Found | None = None


_PLAIN = Template({})


@lru_cache(maxsize=1)
def environment() -> "ImmutableSandboxedEnvironment":
    """The one way templates are read and rendered: sandboxed, and an undefined name is an error."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    sandbox.globals.clear()
    return sandbox


@lru_cache(maxsize=8192)
def analyse(text: str) -> Template:
    """What `text` uses. A syntax error is in `error`, never raised."""
    if "{" not in text:
        return _PLAIN
    from jinja2 import TemplateSyntaxError

    try:
        tree = environment().parse(text)
    except TemplateSyntaxError as error:
        return Template({}, error=(error.message or "broken template", error.lineno))
    except RecursionError:
        return Template({}, error=("nested too deep", 1))
    return _used(tree)


def _used(tree: "nodes.Template") -> Template:
    variables: dict[str, int] = {}
    assigned = {"loop"}
    includes: list[Found] = []
    unsafe: list[Found] = []
    for node in _nodes(tree):
        kind = type(node).__name__
        if kind == "Name":
            if node.ctx == "load":
                variables.setdefault(node.name, node.lineno)
            else:
                assigned.add(node.name)
        elif kind == "Include":
            literal = getattr(node.template, "value", None)
            if isinstance(literal, str) and not node.ignore_missing and node.with_context:
                includes.append((literal, node.lineno))
            else:
                unsafe.append(("an include names one shared part, literally", node.lineno))
        elif message := _refusal(node, kind):
            unsafe.append((message, node.lineno))
    free = {name: line for name, line in variables.items() if name not in assigned}
    return Template(free, tuple(includes), tuple(unsafe))


def _nodes(tree: "nodes.Node") -> Iterator[Any]:
    """Every node, in the order of the text."""
    yield tree
    for child in tree.iter_child_nodes():
        yield from _nodes(child)


def _refusal(node: Any, kind: str) -> str | None:
    if kind not in _ALLOWED:
        return f"{kind.lower()} is not used in prompts; templates only read values"
    if kind == "Getattr" and node.attr.startswith("_"):
        return f"attribute {node.attr!r} is private"
    if kind == "Filter" and node.name not in environment().filters:
        return f"there is no filter {node.name!r}"
    if kind == "Test" and node.name not in environment().tests:
        return f"there is no test {node.name!r}"
    return None


def write_in(text: str, part: Callable[[str], str]) -> str:
    """`text` with each literal include replaced by `part(name)`, as Jinja2 would include it.

    Whitespace control (`-%}`) has been applied by the lexer. Jinja2 drops one last newline of every template, also of
    an included one: it is taken off here where that happens, and put back where the result will lose one again.
    """
    if "include" not in text:
        return text
    written: list[str] = []
    block: list[str] | None = None
    name = ""
    for _, kind, value in environment().lex(text):
        if kind == "block_begin":
            block, name = [], ""
        if block is None:
            written.append(value)
            continue
        block.append(value)
        if kind == "string":
            name = value[1:-1]
        if kind == "block_end":
            is_include = re.match(r"\{%[-+]?\s*include\b", "".join(block)) is not None
            written.append(part(name).removesuffix("\n") if is_include else "".join(block))
            block = None
    whole = "".join(written)
    return whole + "\n" if text.endswith("\n") or whole.endswith("\n") else whole
