"""Adoption: the smallest edit that makes git say what runs, or why there is none."""

import difflib
from typing import Any

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import GitTree
from mooring.operate.drift.adoption import Adoption, adopt, adoptable
from mooring.operate.drift.leaves import leaves, put, there
from mooring.release.resolve import resolve
from mooring.spec import Model
from tests.operate.drift.conftest import MODEL, World

FILE = f"configs/models/{MODEL}.yaml"


def adopted(world: World) -> Adoption:
    report = world.look()
    return adopt(world.repo.root, report, adoptable(report))


def changed(world: World, made: Adoption, file: str) -> list[str]:
    """Lines that went and came."""
    before = world.repo.git("show", f"HEAD:{file}").splitlines()
    return [line for line in difflib.ndiff(before, made.files[file].splitlines()) if line[0] in "+-"]


@pytest.mark.slow
def test_one_value_and_the_version_change_and_no_other_byte(world: World) -> None:
    world.patch("model", MODEL, {"options.temperature": 0.9})
    made = adopted(world)
    assert changed(world, made, FILE) == [
        "- version: 1.0.0",
        "+ version: 1.0.1",
        "-   temperature: 0.2",
        "+   temperature: 0.9",
    ]
    assert made.shared == {"production", "staging"}


@pytest.mark.slow
def test_comments_order_and_quoting_stay(world: World) -> None:
    world.repo.edit(FILE, "options:\n", "# chosen by hand\noptions: # all of them\n")
    world.repo.edit(FILE, "temperature: 0.2", "'temperature': 0.2 # cool")
    world.repo.commit("comments")
    world.deploy()
    world.patch("model", MODEL, {"options.temperature": 0.9})
    made = adopted(world)
    assert changed(world, made, FILE)[2:] in (
        ["-   'temperature': 0.2 # cool", "+   'temperature': 0.9 # cool"],
        ["-   'temperature': 0.2 # cool", "+   temperature: 0.9 # cool"],
    )


@pytest.mark.slow
def test_a_version_that_was_used_once_is_not_used_again(world: World) -> None:
    world.repo.edit(FILE, "version: 1.0.0", "version: 1.0.1")
    world.repo.edit(FILE, "temperature: 0.2", "temperature: 0.3")
    world.repo.commit("warmer")
    world.repo.git("revert", "--no-edit", "HEAD")
    world.deploy()
    world.patch("model", MODEL, {"options.temperature": 0.9})
    assert "+ version: 1.0.2" in changed(world, adopted(world), FILE)


@pytest.mark.slow
def test_what_a_file_leaves_to_the_default_gets_a_line_of_its_own(world: World) -> None:
    world.patch("model", MODEL, {"options.topP": 0.9})
    assert changed(world, adopted(world), FILE) == ["- version: 1.0.0", "+ version: 1.0.1", "+   topP: 0.9"]


@pytest.mark.slow
def test_the_documents_then_make_exactly_what_runs(world: World) -> None:
    world.patch("model", MODEL, {"options.temperature": 0.9, "options.seed": None, "contextWindow": 200000})
    made = adopted(world)
    for file, text in made.files.items():
        (world.repo.root / file).write_text(text)
    world.repo.commit("adopted")
    model = load(GitTree(world.repo.root, "HEAD"))[0].get(Model, MODEL)
    assert model is not None
    assert (model.options.temperature, model.options.seed, model.context_window) == (0.9, None, 200000)
    world.deploy()
    assert world.found() == []


OVERRIDE = f"""\
overrides:
  - kind: Model
    name: {MODEL}
    set:
      options.temperature: 0.5 # only here
"""


@pytest.mark.slow
def test_a_value_that_came_from_an_override_is_changed_there(world: World) -> None:
    world.repo.edit("configs/environments/local.yaml", "overrides:\n", OVERRIDE)
    world.repo.commit("override")
    world.deploy()
    world.patch("model", MODEL, {"options.temperature": 0.9})
    made = adopted(world)
    assert list(made.files) == ["configs/environments/local.yaml"]
    assert changed(world, made, "configs/environments/local.yaml")[-2:] == [
        "-       options.temperature: 0.5 # only here",
        "+       options.temperature: 0.9 # only here",
    ]
    assert made.shared == set()


@pytest.mark.slow
def test_what_git_changed_as_well_is_left_to_a_person(world: World) -> None:
    world.patch("model", MODEL, {"options.temperature": 0.9})
    world.repo.edit(FILE, "temperature: 0.2", "temperature: 0.4")
    world.repo.commit("warmer")
    made = adopted(world)
    assert made.files == {}
    assert "changed options.temperature as well since" in made.refused[0][1]


@pytest.mark.slow
def test_what_git_changed_elsewhere_is_kept(world: World) -> None:
    world.patch("model", MODEL, {"options.temperature": 0.9})
    world.repo.edit(FILE, "maxOutputTokens: 1024", "maxOutputTokens: 512")
    world.repo.commit("shorter")
    made = adopted(world)
    assert "maxOutputTokens: 512" in made.files[FILE]
    assert "temperature: 0.9" in made.files[FILE]


@pytest.mark.slow
def test_text_that_a_prompt_shares_is_left_to_a_person(world: World) -> None:
    prompt = world.release().content.prompts["support/main"]
    index, text = next((n, m.content) for n, m in enumerate(prompt.messages) if m.role == "system")
    world.patch("prompt", "support/main", {f"messages.{index}.content": f"{text}\nBe brief."})
    made = adopted(world)
    assert made.files == {}
    assert "shared" in made.refused[0][1] or "parent" in made.refused[0][1]


@pytest.mark.slow
def test_only_what_is_wanted_is_adopted(world: World) -> None:
    world.patch("model", MODEL, {"options.temperature": 0.9, "options.maxOutputTokens": 99})
    report = world.look()
    wanted = tuple(one for one in adoptable(report) if one.field.endswith("temperature"))
    made = adopt(world.repo.root, report, wanted)
    assert "temperature: 0.9" in made.files[FILE]
    assert "maxOutputTokens: 1024" in made.files[FILE]


@pytest.mark.slow
def test_nothing_is_written(world: World) -> None:
    world.patch("model", MODEL, {"options.temperature": 0.9})
    adopted(world)
    assert world.repo.git("status", "--porcelain") == ""
    assert resolve(load(GitTree(world.repo.root, "HEAD"))[0], "local").digest == world.release().digest


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, [(("a", "b"), 3)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [(("a", 1), 3)]),
        ({"a": [1, 2]}, {"a": [1]}, [(("a",), [1])]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, [(("a",), {"c": 1})]),
        ({"a": None}, {"a": {"b": 1}}, [(("a",), {"b": 1})]),
    ],
)
def test_leaves_are_the_smallest_values_that_differ(before: Any, after: Any, found: Any) -> None:
    assert list(leaves(before, after)) == found
    made = before
    for path, value in found:
        assert there(made, path)
        made = put(made, path, value)
    assert made == after
