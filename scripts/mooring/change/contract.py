"""Whether a merge changes what its reviewers saw: their plan, as a text, against the plan of the merge."""

import difflib
import re
from collections.abc import Iterable, Sequence

_MEANING = re.compile(r"^  meaning (sha256:[0-9a-f]{64})$", re.MULTILINE)
_CHANGE = re.compile(r"^[+~-] ")
_TITLE_VERSIONS = re.compile(r"^([+~-] \S.*?) \d+\.\d+\.\d+(?: → \d+\.\d+\.\d+)?(?= \()")
_CUT = re.compile(r"^\.\.\. cut: \d+ more characters$")


def meaning_of(text: str) -> str:
    """The digest of the meaning that a plan's text names, "" where it names none, or several."""
    found = _MEANING.findall(text)
    return found[0] if len(found) == 1 else ""


def broken(text: str, meaning: str, lines: Iterable[str]) -> bool:
    """Whether a reviewed text is not that of the plan with this meaning, whose changes are told by `lines`.

    The text must name the digest and tell every change: a digest says nothing to those who read the text. Where it was
    cut, what is left of it must be told. Versions may differ: another merge may have raised them.
    """
    if meaning_of(text) != meaning:
        return True
    told, wanted = _changes(text.splitlines()), _changes(lines)
    if _CUT.match(text.rstrip().rsplit("\n", 1)[-1]):
        # The last line may be half a line.
        return told[:-1] != wanted[: len(told[:-1])]
    return told != wanted


def difference(text: str, lines: Iterable[str]) -> str:
    """What was reviewed against what is merged, as a unified diff of the lines that tell changes."""
    told, wanted = _changes(text.splitlines()), _changes(lines)
    compared = difflib.unified_diff(told, wanted, "reviewed", "merged", lineterm="", n=1)
    return "\n".join(compared) or "the same lines tell other values, or digests that were not computed from them"


def _changes(lines: Iterable[str]) -> Sequence[str]:
    """The lines that tell changes, without versions of documents and as comments show them."""
    shown = ("".join(filter(str.isprintable, line)).rstrip() for line in lines)
    return [_TITLE_VERSIONS.sub(r"\1", line) for line in shown if _CHANGE.match(line)]
