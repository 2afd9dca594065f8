"""Files that mean harm, or are broken: nothing runs, nothing outside is read, every problem is one line."""

import os
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import UsageError
from mooring.exchange.intake import Intake, Wishes
from mooring.exchange.reading import take


def promptfoo(folder: Path, text: str) -> Intake:
    file = folder / "promptfooconfig.yaml"
    file.write_text(text)
    return take(file.name, file, None, Wishes())


PROVIDERS = ["file://x.py", "exec:touch ran", "python:x.py", "https://example.com/hook", "package:x", "file://x.js"]


@pytest.mark.parametrize("name", [*PROVIDERS, "golang:x.go", "webhook:x"])
def test_providers_that_run_are_left(name: str, tmp_path: Path) -> None:
    intake = promptfoo(tmp_path, f"providers: ['{name}']\nprompts: ['Hello {{{{x}}}}']\n")
    assert [note.path for note in intake.left] == ["providers.0", "tests"]
    assert not (tmp_path / "ran").exists()


PROMPTS = [
    *PROVIDERS,
    "file:///etc/passwd",
    "file://../secret.txt",
    "file://link.txt",
    "file://*.txt",
    "file://pipe.txt",
]


@pytest.mark.parametrize("name", [*PROMPTS, "file://x.py:f", "file://absent.txt", "langfuse://x", "file://nul\\0.txt"])
def test_prompts_that_run_or_are_outside_are_left(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.txt").write_text("stolen")
    (home / "link.txt").symlink_to(tmp_path / "secret.txt")
    (home / "x.py").write_text("open('ran', 'w')")
    os.mkfifo(home / "pipe.txt")
    intake = promptfoo(home, f'prompts: ["{name}"]\n')
    assert intake.drafts == []
    assert intake.left[0].path == "prompts.0"


@pytest.mark.parametrize("value", ["file:///etc/hostname", "file://../secret.txt", "file://x.js"])
def test_values_outside_are_left(value: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("stolen")
    home = tmp_path / "home"
    home.mkdir()
    checks = f"[{{type: equals, value: '{value}'}}, {{type: is-json}}]"
    tests = f"tests: [{{vars: {{message: hi, more: '{value}'}}, assert: {checks}}}]"
    intake = promptfoo(home, tests)
    assert [note.path for note in intake.left] == ["tests.0.vars.more", "tests.0.assert.0.value"]
    assert "stolen" not in str(intake.drafts)


@pytest.mark.parametrize("template", ["{{ x.__class__ }}", "{{ f() }}", "{% import 'x' as y %}", "{% include 'x' %}"])
def test_templates_that_do_more_than_read_are_left(template: str, tmp_path: Path) -> None:
    intake = promptfoo(tmp_path, f'prompts: ["Say {template}"]\n')
    assert intake.drafts == []
    assert "left out as a whole" in str(intake.left)


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "yaml-bomb": ("x.yaml", b"a: &a [x, x]\nb: [*a, *a]\n", "anchors"),
    "yaml-tag": ("x.yaml", b"prompts: !!python/object/apply:os.system [id]\n", "tag"),
    "yaml-deep": ("x.yaml", b"a: " + b"[" * 100_000, "nested"),
    "front-bomb": ("x.prompt", b"---\na: &a b\n---\nHi {{x}}", "anchor"),
    "json-deep": ("x.json", b"[" * 100_000, "nested"),
    "json-nested": ("x.json", b'{"tools": ' + b"[" * 50 + b"]" * 50 + b"}", "nested"),
    "json-twice": ("x.json", b'{"tools": [], "tools": []}', "twice"),
    "json-nan": ("x.json", b'[{"type": "function", "x": NaN}]', "NaN"),
    "json-digits": ("x.json", b'{"tools": ' + b"9" * 5000 + b"}", "number"),
    "json-many": ("x.json", b"[" + b"1," * 30_000 + b"1]", "values"),
    "json-broken": ("x.json", b'{"tools": [', "no JSON"),
    "huge": ("x.yaml", b"a" * 300_000, "larger"),
    "binary": ("x.prompt", b"\xff\xfe\x00", "UTF-8"),
    "unknown": ("x.json", b"{}", "--kind"),
    "empty": ("x.yaml", b"", "empty"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_one_line_with_their_name(case: str, tmp_path: Path) -> None:
    name, content, says = BROKEN[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=f"^{name}: .*{says}"):
        take(name, tmp_path / name, None, Wishes())


SHAPES: list[Any] = ["tests: 3", "tests: [3, [4]]", "providers: [[1], {a: 1, b: 2}, 3]", "prompts: {a: [1]}", "a: 1"]


@pytest.mark.parametrize("text", [*SHAPES, "tests: [{vars: [1], assert: {a: 1}}]", "tests: x.csv", "defaultTest: 3"])
def test_values_of_the_wrong_shape_are_told(text: str, tmp_path: Path) -> None:
    assert promptfoo(tmp_path, text).left


@pytest.mark.parametrize(
    "text", ["---\nmodel: 3\ninput: [1]\noutput: 3\nconfig: x\n---\n", "---\ninputs: 3\nmodel: x\n---\n"]
)
@pytest.mark.parametrize("suffix", ["prompt", "prompty"])
def test_front_matter_of_the_wrong_shape_is_told(suffix: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / f"x.{suffix}"
    file.write_text(text)
    intake = take(file.name, file, None, Wishes())
    assert intake.left
    assert intake.drafts == []


def test_lists_of_values_do_not_explode(tmp_path: Path) -> None:
    many = list(range(50))
    intake = promptfoo(tmp_path, f"tests: [{{vars: {{message: hi, a: {many}, b: {many}, c: {many}}}}}]")
    assert "more than 100" in str(intake.left)
