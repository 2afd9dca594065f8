"""Parses a command line into a namespace; a mistake is a UsageError that suggests the nearest name."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from mooring import __version__
from mooring.catalog.nearest import suggestion
from mooring.commands.table import ALL, GROUPS, Verb, joined, verb
from mooring.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of exiting, and suggests what was probably meant."""

    def __init__(self, **options: Any) -> None:
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(**{"allow_abbrev": False, "formatter_class": formatter, **options})

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, fix=f"{self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = [str(choice) for choice in action.choices or ()]
        if choices and str(value) not in choices:
            self.error(f"unknown {action.metavar or action.dest} {value!r}{suggestion(str(value), choices)}")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuses unknown arguments here, where the flags that could have been meant are known."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            first = next((word for word in unknown if word.startswith("-")), unknown[0])
            self.error(f"unknown argument {first!r}{suggestion(first, self._option_string_actions)}")
        return parsed, unknown


def build() -> Parser:
    """The parser of the whole command line."""
    everywhere = shared()
    usage = "moor [-C DIR] COMMAND …"
    parser = Parser(prog="moor", usage=usage, description=_overview(), parents=[everywhere], epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"moor {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="command", help=argparse.SUPPRESS, prog="moor")
    for name in ALL:
        module = verb(name)
        below = verbs.add_parser(name, parents=[everywhere], description=module.SUMMARY, epilog=_examples(module))
        module.add(below)
    return parser


def parse(arguments: Sequence[str], parser: Parser) -> argparse.Namespace:
    """The namespace of a command line; `verb` is None when none was given. `--help` and `--version` exit."""
    return parser.parse_args(joined(arguments), argparse.Namespace(json=False, no_color=False, directory=None))


def shared() -> Parser:
    """Options of every verb, taken before the verb and after it (hence no defaults here)."""
    everywhere = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = everywhere.add_argument_group("everywhere")
    group.add_argument("-C", dest="directory", metavar="DIR", help="run as if started in DIR")
    group.add_argument("--json", action="store_true", help="print exactly one JSON object, also on errors")
    group.add_argument("--no-color", action="store_true", help="no colors (NO_COLOR does the same)")
    return everywhere


_EPILOG = """\
start here:
  moor init                        this template becomes a repository of your own
  moor up                          documents -> release -> a running agent that answers
  moor plan local                  what an edit means before it goes out
  moor deploy local                blue-green, without losing a request
  moor COMMAND --help              examples of each command

exit codes: 0 done, 1 stopped with a reason, 2 wrong call, 3 crash, 130 interrupted"""


def _overview() -> str:
    lines = ["Agents as documents: validated, planned, released blue-green, and back by a revert."]
    for group, names in GROUPS.items():
        lines += ["", f"{group.lower()}:"]
        lines += [f"  {name:<12}{_first(verb(name))}" for name in names]
    return "\n".join(lines)


def _first(module: Verb) -> str:
    return module.SUMMARY.splitlines()[0].removesuffix(".")


def _examples(module: Verb) -> str:
    return "examples:\n" + "\n".join(f"  {line}" for line in module.EXAMPLES.strip().splitlines())
