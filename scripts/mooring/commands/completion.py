"""`moor completion`."""

from argparse import ArgumentParser, Namespace

from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Print the completion script of a shell."
EXAMPLES = """
eval "$(moor completion bash)"                                    # in ~/.bashrc
eval "$(moor completion zsh)"                                     # in ~/.zshrc, after compinit
moor completion fish > ~/.config/fish/completions/moor.fish
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")


def run(args: Namespace, console: Console) -> Outcome:
    from argcomplete.shell_integration import shellcode

    script = shellcode(["moor"], shell=args.shell)
    console.line(script)
    return Outcome(Reason.REPORTED, {"shell": args.shell, "script": script})
