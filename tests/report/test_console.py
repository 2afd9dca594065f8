"""A console styles for terminals, aligns for pipes, and keeps quiet for machines."""

import io

import pytest

from mooring.report.console import Console, aligned, wants_color


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def streams() -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO(), io.StringIO()


def test_piped_lines_carry_no_codes(streams: tuple[io.StringIO, io.StringIO]) -> None:
    console = Console(*streams)
    console.line("well", "green")
    console.error("broken", fix="mend it")
    assert streams[0].getvalue() == "well\n"
    assert streams[1].getvalue() == "moor: error: broken\nfix: mend it\n"


def test_a_terminal_gets_colors_unless_they_are_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    Console(out).line("well", "green")
    Console(out, color=False).line("plain", "green")
    monkeypatch.setenv("NO_COLOR", "1")
    Console(out).line("plain too", "green")
    assert out.getvalue() == "\x1b[32mwell\x1b[0m\nplain\nplain too\n"


@pytest.mark.parametrize(
    ("environ", "wanted"), [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colors_follow_the_convention(environ: dict[str, str], wanted: bool) -> None:
    assert wants_color(Terminal(), environ) is wanted
    assert wants_color(io.StringIO(), environ) is False


def test_a_piped_table_is_aligned_and_every_field_can_be_counted(streams: tuple[io.StringIO, io.StringIO]) -> None:
    Console(*streams).table(("SLOT", "DIGEST"), [("blue", ""), ("green", "sha256:12")])
    assert streams[0].getvalue() == "SLOT   DIGEST\nblue   -\ngreen  sha256:12\n"


def test_a_cell_cannot_break_a_line() -> None:
    assert aligned([("a\nb", "c")]) == ["a b  c"]


def test_a_terminal_table_shows_brackets_as_they_are() -> None:
    out = Terminal()
    Console(out, color=False).table(("NAME",), [("[red]x[/red]",)])
    assert "[red]x[/red]" in out.getvalue()


def test_a_silent_console_emits_only_the_result(streams: tuple[io.StringIO, io.StringIO]) -> None:
    console = Console(*streams, silent=True)
    console.line("no")
    console.note("no")
    console.table(("NO",), [("no",)])
    with console.progress("no") as notify:
        notify("no")
    console.emit("{}")
    assert streams[0].getvalue() == "{}\n"
    assert streams[1].getvalue() == ""


def test_progress_is_plain_lines_when_piped(streams: tuple[io.StringIO, io.StringIO]) -> None:
    with Console(*streams).progress("deploy local") as notify:
        notify("stage   green")
        notify("switch  0.6 ms")
    assert streams[0].getvalue() == "stage   green\nswitch  0.6 ms\n"


def test_progress_on_a_terminal_ticks_what_is_done_and_crosses_what_failed() -> None:
    out = Terminal()

    def stumble() -> None:
        with Console(out, color=False).progress("deploy local") as notify:
            notify("stage [green]")
            notify("probe")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        stumble()
    assert "✓ stage [green]" in out.getvalue()
    assert "✗ probe" in out.getvalue()
    assert "✓ probe" not in out.getvalue()


def test_a_plan_is_colored_by_what_its_lines_add_and_remove() -> None:
    out = Terminal()
    Console(out, color=True).diff("+ agent\n-   line\n~ tool\nsum\n")
    assert out.getvalue() == "\x1b[32m+ agent\x1b[0m\n\x1b[31m-   line\x1b[0m\n\x1b[33m~ tool\x1b[0m\nsum\n"
