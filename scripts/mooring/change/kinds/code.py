"""Python modules that tools run."""

import difflib
from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides
from mooring.change.walk import Note, Rules
from mooring.change.wording import count


def rules(_: Sides) -> Rules:
    return {"source": source}


def source(before: Any, after: Any) -> Iterator[Note]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    new, gone = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    yield Note("code.changed", f"{count(new, 'line')} new, {gone} gone")
