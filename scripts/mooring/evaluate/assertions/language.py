"""The assertion `language`."""

import re

from mooring.evaluate.assertions.subject import Subject, Verdict, excerpt, got
from mooring.language import detect

_QUOTED = re.compile(r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|„[^“\n]*“|“[^”\n]*”|「[^」\n]*」|«[^»\n]*»", re.DOTALL)


def language(subject: Subject, code: str, _: float | None) -> Verdict:
    """The language of the answer, without its code blocks and quotations."""
    told = detect(_QUOTED.sub(" ", subject.text))
    if told is None:
        return Verdict(False, f"the answer is in no language that can be told, expected {code}; {got(subject)}", 0)
    return Verdict(told == code, f"the answer is in {told}, expected {code}: {excerpt(subject.text)}")
