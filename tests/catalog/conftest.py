"""Examples: tests/examples/base/ is a small valid repository, and each example is an edit of it.

Lines of an `.edit` file:
    # …                what it shows
    --- FILE           edits of FILE follow; a new file starts empty
    --- FILE < OTHER   FILE is a copy of OTHER
    --- FILE -> PLACE  FILE is a symbolic link
    --- FILE gone      FILE is deleted
    -…  +…             the lines `-` are replaced by the lines `+`; without `-` these go to the end of the file
    +*N …              the line, N times
    +!…                the line with Python's escapes, as bytes; so that no example looks like a leak to a scanner
    === committed      everything so far is committed in git
    === schemas        schemas/ is written
    => FILE …          a finding is expected there, on the one line that says `…`; without it, on the file as a whole
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mooring.catalog import schemas

EXAMPLES = Path(__file__).parents[1] / "examples"

Expected = set[tuple[str, int]]
Stage = Callable[[Path, Path], "Staged"]


@dataclass
class Staged:
    """An example as files under `root`."""

    root: Path
    committed: bool = False
    expected: Expected = field(default_factory=set)

    def apply(self, edit: Path) -> None:
        path, old, new = self.root, list[bytes](), list[bytes]()
        for line in [*edit.read_text(encoding="utf-8").splitlines(), "# end"]:
            goes_on = line.startswith("+") or (line.startswith("-") and not line.startswith("--- ") and not new)
            if (old or new) and not goes_on:
                _replace(path, old, new)
                old, new = [], []
            if line.startswith("--- "):
                path = self._file(line[4:])
            elif line.startswith("-"):
                old.append(line[1:].encode())
            elif line.startswith("+"):
                new.extend(_added(line[1:]))
            elif line == "=== committed":
                self.commit()
            elif line == "=== schemas":
                schemas.write(self.root)
            elif line.startswith("=> "):
                self._expect(*line[3:].split(" ", 1))
            else:
                assert line.startswith("# "), f"{edit}: {line}"

    def _file(self, words: str) -> Path:
        name, sign, other = re.fullmatch(r"(\S+)(?: (<|->|gone) ?(\S*))?", words).groups()  # type: ignore[union-attr]
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if sign == "gone":
            path.unlink()
        elif sign == "->":
            path.unlink(missing_ok=True)
            path.symlink_to(other)
        elif sign == "<":
            shutil.copyfile(self.root / other, path)
        return path

    def _expect(self, file: str, text: str = "") -> None:
        if not text:
            self.expected.add((file, 0))
            return
        content = (self.root / file).read_text(encoding="utf-8", errors="replace")
        lines = [re.sub(r"[\0-\x1f\ufeff]", "", line).strip() for line in content.split("\n")]
        wanted = next(_added(text.strip())).decode()
        assert lines.count(wanted) == 1, f"{file} does not say {wanted!r} once"
        self.expected.add((file, lines.index(wanted) + 1))

    def commit(self) -> None:
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--no-gpg-sign", "-m", "x"]):
            who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
            subprocess.run(["git", *who, "-C", str(self.root), *command], check=True)
        self.committed = True


def _added(text: str) -> Iterator[bytes]:
    if many := re.match(r"\*(\d+) ", text):
        yield from [text[many.end() :].encode()] * int(many[1])
    elif text.startswith("!"):
        yield text[1:].encode("latin-1").decode("unicode_escape").encode("latin-1")
    else:
        yield text.encode()


def _replace(path: Path, old: list[bytes], new: list[bytes]) -> None:
    content = path.read_bytes() if path.exists() else b""
    after = b"".join(line + b"\n" for line in new)
    if not old:
        path.write_bytes(content + after)
        return
    before = b"".join(line + b"\n" for line in old)
    assert (b"\n" + content).count(b"\n" + before) == 1, f"{path}: {before!r} is not there once"
    path.write_bytes((b"\n" + content).replace(b"\n" + before, b"\n" + after)[1:])


@pytest.fixture(scope="session")
def stage() -> Stage:
    """Makes the files of an example under a folder."""

    def staged(edit: Path, folder: Path) -> Staged:
        shutil.copytree(EXAMPLES / "base", folder, symlinks=True)
        example = Staged(folder)
        example.apply(edit)
        return example

    return staged
