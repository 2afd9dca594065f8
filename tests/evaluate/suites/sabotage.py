"""Prompts with something missing: each stands as agents of its own in one release, so that one run asks them all."""

from collections.abc import Callable, Mapping
from functools import cache

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.release.content import ReleaseContent
from mooring.release.resolve import resolve
from mooring.spec import EvalSuite, PromptPart
from tests.repository import CONTENT

Edit = Callable[[str], str]
"""Changes the text of a system prompt, in which shared parts are written out."""


@cache
def catalog() -> Catalog:
    found, findings = load(WorkTree(CONTENT))
    assert not findings
    return found


def suites() -> dict[str, EvalSuite]:
    """Those that need no judge."""
    return {name: suite for name, suite in catalog().all(EvalSuite).items() if suite.judge is None}


def present() -> ReleaseContent:
    """What `local` runs."""
    return resolve(catalog(), "local").content


def without_part(name: str) -> Edit:
    """The shared part is included nowhere."""
    part = catalog().all(PromptPart)[f"shared/{name}"].text.strip()
    return lambda prompt: prompt.replace(part, "")


def without(*words: str) -> Edit:
    """Lines that hold one of `words` are gone."""
    return lambda prompt: "\n".join(line for line in prompt.splitlines() if not any(word in line for word in words))


def reworded(words: Mapping[str, str]) -> Edit:
    """The same said otherwise."""

    def edit(prompt: str) -> str:
        for old, new in words.items():
            prompt = prompt.replace(old, new)
        return prompt

    return edit


def beside(content: ReleaseContent, edits: Mapping[str, Edit]) -> ReleaseContent:
    """The release, and for every edit the agents whose prompt it changes, under names that end in the edit's."""
    agents, prompts = dict(content.agents), dict(content.prompts)
    for name, edit in edits.items():
        for agent, document in content.agents.items():
            before = content.prompts[document.prompt]
            messages = tuple(each.model_copy(update={"content": edit(each.content)}) for each in before.messages)
            if messages != before.messages:
                prompt = f"{document.prompt}-{name}"
                prompts[prompt] = before.model_copy(update={"name": prompt, "messages": messages})
                agents[f"{agent}-{name}"] = document.model_copy(update={"name": f"{agent}-{name}", "prompt": prompt})
    return content.model_copy(update={"agents": agents, "prompts": prompts})
