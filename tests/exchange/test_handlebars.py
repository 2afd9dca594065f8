"""Handlebars and what it becomes, rendered."""

from typing import Any

import pytest

from mooring.catalog.template import analyse, environment
from mooring.exchange.handlebars import messages

VALUES: dict[str, Any] = {"null": None, "zero": 0, "false": False}
VALUES |= {"name": "Ann", "items": ["a", "b"], "people": [{"name": "Bo", "of": ["x"]}], "no": "", "at": {"city": "Ulm"}}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hello {{name}}!", "Hello Ann!"),
        ("{{{name}}} {{! gone }}{{!-- {{gone}} --}}.", "Ann ."),
        ("{{#if no}}yes{{else}}no{{/if}}", "no"),
        ("{{#if no}}1{{else if name}}2{{else}}3{{/if}}", "2"),
        ("{{#unless no}}none{{/unless}}", "none"),
        ("{{#each items}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}", "0a,1b"),
        ("{{#each people}}{{name}} {{#each of}}{{this}}{{../name}}{{/each}}{{/each}}", "Bo xBo"),
        ("{{#with at}}{{city}}{{/with}} {{at.city}}", "Ulm Ulm"),
        ("a\n{{#if name}}\nb\n{{/if}}\nc", "a\nb\nc"),
        ("{{name}} {{~name~}} !", "AnnAnn!"),
        ("{% raw %} {# x #} \\{{name}}", "{% raw %} {# x #} {{name}}"),
        ("{{#if absent}}x{{/if}}{{absent}}{{#each absent}}y{{/each}}.", "."),
        ("{{#if null}}x{{/if}}{{null}}{{#each null}}y{{/each}}.", "."),
        ("{{zero}} {{false}}", "0 False"),
    ],
)
def test_it_says_the_same_in_jinja2(source: str, text: str) -> None:
    lost: list[str] = []
    (line,) = messages(source, {"absent", "null", "zero", "false"}, lambda path, why: lost.append(why))
    assert not lost
    assert not analyse(line.content).unsafe
    assert environment().from_string(line.content).render(VALUES) == text


@pytest.mark.parametrize(
    "source",
    [
        *("{{shout name}}", "{{>part}}", "{{#shout}}x{{/shout}}", "{{/if}}", "{{else}}", "{{#if x}}", "{{}}"),
        *("{{../x y}}", '{{#if x}}{{role "user"}}{{/if}}', "{{history}}", "{{media url=x}}", "{{@key}}"),
        "{{lookup a b}}",
    ],
)
def test_what_jinja2_cannot_say_is_told_with_its_line(source: str) -> None:
    lost: list[str] = []
    messages(f"one\ntwo {source}", (), lambda path, why: lost.append(path), 3)
    assert lost[0] == "line 5"


def test_roles_part_the_text_into_messages() -> None:
    made = messages('{{role "system"}}\nBe kind.\n{{role "user"}}\n{{q}}', (), lambda path, why: None)
    assert [(line.role, line.content) for line in made] == [("system", "Be kind."), ("user", "{{ q }}")]
