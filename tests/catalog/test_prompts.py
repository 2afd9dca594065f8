"""Prompts with their parents and shared parts written in."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mooring.catalog.load import load
from mooring.catalog.prompts import BrokenPrompt, Flat, flatten
from mooring.catalog.source import WorkTree
from mooring.catalog.template import analyse, environment, write_in
from mooring.spec import Prompt

BASE = Path(__file__).parents[1] / "examples" / "base"
PARTS = {"a": "Be kind.\n", "b": "  {{ x }}\n\n", "c": "no newline", "d": '{% if x %}[{% include "a" %}]{% endif %}\n'}
PIECES = st.sampled_from(
    [
        "text",
        " ",
        "\n",
        "\n\n",
        "{{ x }}",
        "{# include 'a' #}",
        '{{ "{% include 1 %}" }}',
        "{% raw %}{% include %}{% endraw %}",
    ]
    + [f"{{%{left} include '{name}' {right}%}}" for name in PARTS for left in ("", "-") for right in ("", "-")]
    + ["{% for i in [1, 2] %}{{ i }}{% include 'b' %}{% endfor %}"]
)


def flat(root: Path) -> Flat:
    catalog, _ = load(WorkTree(root))
    prompt = catalog.get(Prompt, "clerk")
    assert prompt is not None
    return flatten(catalog, prompt)


def test_messages_of_the_parent_come_first_with_shared_parts_written_in() -> None:
    found = flat(BASE)
    assert [(message.role, message.content) for message in found.messages] == [
        ("system", "You work at {{ house }}.\nBe kind.\n"),
        ("system", "You look after the letters.\n"),
        ("user", "{{ message }}"),
    ]


def test_the_versions_of_all_that_was_written_in_are_kept() -> None:
    assert flat(BASE).parts == {"base": "1.0.0", "shared/manners": "1.0.0"}


def test_the_nearest_contract_holds(tmp_path: Path) -> None:
    root = Path(shutil.copytree(BASE, tmp_path / "tree"))
    child = root / "prompts/clerk.yaml"
    text = child.read_text()
    child.write_text(text[: text.index("input:")] + text[text.index("messages:") :])
    with (root / "prompts/base.yaml").open("a") as file:
        file.write("output: {schema: {type: object}}\n")
    found = flat(root)
    assert found.output == {"type": "object"}
    assert found.input is not None
    assert list(found.input["properties"]) == ["house"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("prompts/clerk.yaml", "extends: base", "extends: basis"),
        ("prompts/clerk.yaml", "extends: base", "extends: clerk"),
        ("prompts/base.yaml", "shared/manners", "shared/maners"),
        ("prompts/shared/manners.yaml", "  Be kind.", '  {% include "shared/manners" %}'),
    ],
)
def test_what_is_missing_or_circular_cannot_be_flattened(tmp_path: Path, file: str, old: str, new: str) -> None:
    root = Path(shutil.copytree(BASE, tmp_path / "tree"))
    (root / file).write_text((root / file).read_text().replace(old, new))
    with pytest.raises(BrokenPrompt):
        flat(root)


@pytest.mark.slow
@given(st.lists(PIECES, max_size=8).map("".join))
def test_writing_includes_in_renders_the_same_as_including(text: str) -> None:
    def part(name: str) -> str:
        return write_in(PARTS[name], part)

    loader = ImmutableSandboxedEnvironment(loader=DictLoader(PARTS))
    expected = loader.from_string(text).render(x="X")
    assert environment().from_string(write_in(text, part)).render(x="X") == expected


def test_what_a_template_uses_is_known_with_its_lines() -> None:
    template = analyse('{{ a }}\n{% set b = a %}{{ b }}\n{% for c in d %}{{ c.e }}{% endfor %}\n{% include "x/y" %}')
    assert template.variables == {"a": 1, "d": 3}
    assert template.includes == (("x/y", 4),)
    assert template.unsafe == ()


@pytest.mark.parametrize(
    "text",
    [
        "{{ a() }}",
        "{{ ''.join(a) }}",
        "{{ a.__class__ }}",
        "{{ a['b']._c }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x' * 999999999 }}",
        "{% import 'x' as x %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% block b %}{% endblock %}",
        "{% include x %}",
        "{% include ['x', 'y'] %}",
        "{% include 'x' ignore missing %}",
        "{% include 'x' without context %}",
        "{% filter upper %}{% endfilter %}",
        "{{ a | nothing }}",
        "{{ a is nothing }}",
    ],
)
def test_what_does_more_than_read_values_is_unsafe(text: str) -> None:
    assert analyse(text).unsafe


@given(st.text(alphabet="{}%#ab .|()[]'\"\n-", max_size=60))
def test_any_text_can_be_analysed(text: str) -> None:
    analyse(text)
