"""A call is understood, or refused with what was probably meant; nothing is done while parsing."""

import re
import shlex
from collections.abc import Callable

import pytest

from mooring.commands.parser import build, parse
from mooring.commands.table import ALL, VERBS
from mooring.errors import UsageError


def parsed(*arguments: str) -> object:
    return parse(arguments, build())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["valdate"], "unknown command 'valdate'; did you mean 'validate'?"),
        (["validate", "--agianst", "main"], "unknown argument '--agianst'; did you mean '--against'?"),
        (["plan", "local", "--jsn"], "unknown argument '--jsn'; did you mean '--json'?"),
        (["completion", "bsh"], "unknown SHELL 'bsh'; did you mean 'bash'?"),
        (["plan"], "the following arguments are required: ENV"),
        (["down", "local", "now"], "unknown argument 'now'"),
        (["bump", "--major", "--minor"], "argument --minor: not allowed with argument --major"),
        (["validate", "--against"], "argument --against: expected one argument"),
    ],
)
def test_a_mistake_is_refused_with_the_nearest_name(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parsed(*arguments)
    assert str(refused.value) == message
    assert refused.value.fix.endswith("--help")


@pytest.mark.parametrize("arguments", [["-C", "x", "--json", "validate"], ["validate", "-C", "x", "--json"]])
def test_shared_options_stand_before_or_after_the_verb(arguments: list[str]) -> None:
    args = parse(arguments, build())
    assert (args.directory, args.json, args.no_color) == ("x", True, False)


@pytest.mark.parametrize("name", ALL)
def test_every_help_has_a_summary_and_examples_that_parse(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parsed(*name.split(), "--help")
    assert not stop.value.code
    text = capsys.readouterr().out
    examples = [line.strip() for line in text.split("examples:")[1].splitlines()]
    assert len([line for line in examples if f"moor {name}" in line]) >= 2
    for line in examples:
        if line.startswith("moor "):
            command = re.split(r"\s{2,}|\s[|>]", line)[0]
            assert parse(shlex.split(command)[1:], build()).verb.split()[0] == name.split()[0]


def test_the_overview_names_every_verb_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--help")
    lines = capsys.readouterr().out.splitlines()
    for name in VERBS:
        assert any(line.split()[:1] == [name] and len(line.split()) > 2 for line in lines), name


def test_the_overview_reads_as_it_was_agreed(
    golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit):
        parsed("--help")
    golden("help.txt", capsys.readouterr().out)
