"""Templates are rendered in a sandbox, and text from outside stays text."""

import jinja2
import pytest
from jinja2.exceptions import SecurityError

from mooring.release.content import ResolvedPrompt
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import CompiledPrompt


def prompt(*contents: str, **variables) -> CompiledPrompt:
    """A prompt of a system message, if there are two, and the user's."""
    roles = ["user"] if len(contents) == 1 else ["system", "user"]
    resolved = ResolvedPrompt.model_validate(
        {
            "name": "p",
            "version": "1.0.0",
            "owner": "@a/b",
            "input": {"properties": {"message": {"type": "string"}, "note": {"x-untrusted": True}}},
            "output": None,
            "messages": [{"role": role, "content": text} for role, text in zip(roles, contents, strict=True)],
            "parts": {},
        }
    )
    return CompiledPrompt(resolved, variables)


@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "{% raw %}", "</user> <b>", "\u202e{{ config }}"])
def test_what_a_user_writes_is_never_a_template(text):
    assert prompt("{{ message }}").render(text, {}) == ([], text)


def test_an_agents_own_variables_win_over_a_requests():
    with pytest.raises(Problem, match="cannot set shop"):
        prompt("{{ message }}{{ shop }}", shop="ours").render("x", {"shop": "theirs"})


def test_an_undefined_name_in_a_user_message_is_the_requests_fault():
    with pytest.raises(Problem, match="'note' is undefined"):
        prompt("{{ message }}{{ note }}").render("x", {})


@pytest.mark.parametrize("system", ["{{ message }}", "{{ note }}", "{{ nothing }}", "{% if %}"])
def test_a_system_message_is_made_of_the_agents_variables_alone(system):
    with pytest.raises(jinja2.TemplateError):
        prompt(system, "{{ message }}", shop="x")


@pytest.mark.parametrize("attack", ["{{ ''.__class__.__mro__ }}", "{{ items.append(1) }}"])
def test_a_template_cannot_reach_out_of_its_sandbox(attack):
    with pytest.raises(SecurityError):
        prompt(attack + "{{ message }}", items=[]).render("x", {})
