"""The entry point: takes a command line, prints text and returns an exit code."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mooring.commands.parser import Parser, build, parse
from mooring.commands.table import verb
from mooring.errors import Failed, FindingsError, MooringError, Stopped
from mooring.outcome import Exit, Outcome, Reason
from mooring.report import as_json, findings
from mooring.report.console import Console, abandon


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. Raises only what a signal handler raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    color = False if "--no-color" in arguments else None
    console = Console(silent="--json" in arguments, color=color)
    try:
        outcome = _run(arguments, console)
        if console.silent:
            console.emit(as_json.render(outcome))
        return outcome.exit_code
    except SystemExit as stop:  # argparse after --help and --version, which it prints whether anybody reads them or not
        _settle(console)
        return int(stop.code or 0)
    except BrokenPipeError:  # the reader has left: nobody is there to be told
        abandon(console.out)
        return Exit.STOPPED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the door: what got here becomes one line
        return _report(error, console)


def _run(arguments: Sequence[str], console: Console) -> Outcome:
    parser = build()
    if "_ARGCOMPLETE" in os.environ:
        _complete(parser)
    args = parse(arguments, parser)
    if args.verb is None:
        if console.silent:
            parser.error("no command given")
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    return verb(args.verb).run(args, console)


def _complete(parser: Parser) -> None:
    """Answers the shell's request for completions and exits."""
    import argcomplete

    argcomplete.autocomplete(parser, always_complete_options=False)


def _settle(console: Console) -> None:
    """Writes what is left to write now, and not at exit, where Python would complain."""
    try:
        console.out.flush()
    except (OSError, ValueError):
        abandon(console.out)


def _report(error: BaseException, console: Console) -> int:
    """Prints the error once, as text or JSON."""
    message, fix = _words(error)
    outcome = Outcome(_reason(error), {"message": message, "fix": fix} | _details(error))
    try:
        if console.silent:
            console.emit(as_json.render(outcome))
        else:
            if isinstance(error, FindingsError):
                console.err.write(findings.text(error.findings) + "\n")
            console.error(message, fix)
    except Failed as unwritable:
        console.error(str(unwritable))
    except OSError:
        abandon(console.out)
        abandon(console.err)
    return outcome.exit_code


def _reason(error: BaseException) -> Reason:
    match error:
        case Stopped():
            return error.reason
        case MooringError():
            return Reason.USAGE
        case KeyboardInterrupt():
            return Reason.INTERRUPTED
        case _:
            return Reason.CRASH


def _words(error: BaseException) -> tuple[str, str]:
    match error:
        case MooringError():
            return str(error), error.fix
        case KeyboardInterrupt():
            return "interrupted", ""
        case _:
            log = _crash_log(error)
            return f"this should not have happened: {type(error).__name__}: {error}", f"please report it with {log}"


def _details(error: BaseException) -> dict[str, Any]:
    return {"findings": findings.data(error.findings)} if isinstance(error, FindingsError) else {}


def _crash_log(error: BaseException) -> Path:
    """A file with the traceback, in the system's temporary folder: the state folder may be what is broken."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="moor-crash-", suffix=".log", delete=False) as log:
        log.write("".join(traceback.format_exception(error)))
    return Path(log.name)
