"""Renders the templates below `documents/`: YAML with `<< value >>` and `<% for … %>`, since prompts have `{{ }}`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mooring.catalog.load import header
from mooring.spec import FOLDERS

FOLDER = Path(__file__).parent / "documents"


def word(kind: str) -> str:
    """The kind as `moor new` takes it, which is the name of its template too: `agent`, `suite`."""
    return kind.removeprefix("Eval").lower()


def place(kind: str, name: str) -> str:
    """Where the document lives, relative to the repository. A PromptPart's name holds its `shared/`."""
    return f"{'prompts' if kind == 'PromptPart' else FOLDERS[kind]}/{name}.yaml"


def title(name: str) -> str:
    """The last part of a name, in words: `find order` for `orders/find-order`."""
    return name.rsplit("/", 1)[-1].replace("-", " ")


def document(kind: str, name: str, owner: str, **values: Any) -> dict[str, str]:
    """The text of a new document, by its file."""
    file = place(kind, name)
    given = {"name": name, "owner": owner, "title": title(name), **values}
    return {file: f"{header(file, kind)}\n{text(word(kind), **given)}"}


def text(template: str, **values: Any) -> str:
    """A template with its values. Raises jinja2.UndefinedError when one is missing."""
    rendered: str = _templates().get_template(f"{template}.yaml").render(**values)
    return rendered


@cache
def _templates() -> ImmutableSandboxedEnvironment:
    found = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    found.filters |= {"name": scalar, "text": quoted, "json": quoted}
    return found


def scalar(name: str) -> str:
    """A name as YAML: plain where every version of YAML reads a text, which `on` and `1e5` are not."""
    return name if name[0].isalpha() and yaml.safe_load(name) == name else quoted(name)


def quoted(value: Any) -> str:
    """JSON, which is YAML on one line."""
    return json.dumps(value, ensure_ascii=False)
