"""The template: fetched into private refs, its versions, and the commit that is wanted of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.catalog.nearest import suggestion
from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.upgrade.git import Git, GitError
from mooring.upgrade.record import check_address, is_url

REFS = "refs/mooring/upgrade"
"""Below it is what was fetched, until the upgrade ends, and the two versions that were compared."""
TO, BASE = f"{REFS}/to", f"{REFS}/from"
MARKS = ("scripts/moor", "scripts/mooring/__init__.py")
"""Files by which a commit is known as Mooring."""
_VERSION = re.compile(rb'^__version__ = "([^"]+)"', re.MULTILINE)
_TAG = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: `address` and `ref`, each "" when it was not said."""

    address: str
    ref: str


def asked(words: Sequence[str], start: Path) -> Asked:
    """REF, URL or both, in any order; a path is an address when something is there. Raises UsageError."""
    address, ref = "", ""
    for word in words:
        place = start / Path(word).expanduser()
        path = word.startswith(("/", ".", "~")) or "\\" in word
        if is_url(word) or word.lower().startswith("file:") or path or place.exists():
            if address:
                raise UsageError(f"two addresses: {address} and {word}", "moor upgrade [URL] [REF]")
            if path and not place.exists():
                raise UsageError(f"there is nothing at {word}", "moor upgrade URL")
            address = word if is_url(word) or word.lower().startswith("file:") else str(place.resolve())
        elif ref:
            raise UsageError(f"two versions: {ref} and {word}", "moor upgrade [URL] [REF]")
        else:
            ref = word
    check_address(address)
    return Asked(address, ref)


@dataclass(frozen=True, slots=True)
class Version:
    """A commit of the template. `label` names it for people: `1.2.0`, or `1.2.0-3fa9c01` where no tag is."""

    commit: str
    number: str
    label: str


@dataclass(frozen=True, slots=True)
class Template:
    """The template at `address`, fetched into `git`."""

    git: Git
    address: str

    def fetch(self) -> None:
        """Fetches branches and tags; no remote is added and nothing of the user's is moved. Raises Failed."""
        forget(self.git)
        specs = [f"+refs/{kind}/*:{REFS}/{kind}/*" for kind in ("heads", "tags")]
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc")
        try:
            self.git.run("fetch", *options, "--end-of-options", self.address, *specs)
        except GitError as error:
            fix = "look at the address and the network; a git bundle or a clone on disk does as well"
            raise Failed(Reason.PROCESS, f"the template at {self.address} cannot be fetched: {error}", fix) from None
        if not self.git.text("for-each-ref", "--count=1", f"{REFS}/heads", f"{REFS}/tags"):
            raise UsageError(f"the repository at {self.address} is empty")

    def tags(self) -> dict[str, tuple[int, ...]]:
        """Version tags with their numbers."""
        names = self.git.text("for-each-ref", "--format=%(refname:lstrip=4)", f"{REFS}/tags").splitlines()
        found = ((name, _TAG.fullmatch(name)) for name in names)
        return {name: tuple(map(int, match.groups())) for name, match in found if match}

    def resolve(self, ref: str) -> Version:
        """The version that `ref` names, a tag before a branch before a commit; the newest version without it."""
        tags = self.tags()
        if not ref:
            if not tags:
                raise UsageError(f"the template at {self.address} has no version tag", "moor upgrade REF, say main")
            ref = max(tags, key=lambda name: tags[name])
        for name in (f"{REFS}/tags/{ref}", f"{REFS}/tags/v{ref}", f"{REFS}/heads/{ref}"):
            if (commit := self.git.commit(name)) is not None:
                return self.version(commit)
        if re.fullmatch(r"[0-9a-f]{7,64}", ref) and (commit := self.git.commit(ref)) and self._has(commit):
            return self.version(commit)
        known = [*sorted(tags, key=lambda name: tags[name], reverse=True), *self._branches()]
        listed = f"; there are {', '.join(known[:5])}{', …' * (len(known) > 5)}" if known else ""
        near = suggestion(ref, known)
        raise UsageError(f"the template at {self.address} has no version, branch or commit {ref!r}{near}{listed}")

    def version(self, commit: str) -> Version:
        """The version of a commit of the template. Raises UsageError when it is no Mooring."""
        number = version_of(self.git, commit)
        if number is None:
            lacks = " or ".join(MARKS)
            raise UsageError(f"what is at {self.address} is no Mooring: {commit[:7]} lacks {lacks}")
        tagged = {self.git.commit(f"{REFS}/tags/{name}") for name in (number, f"v{number}")}
        return Version(commit, number, number if commit in tagged else f"{number}-{commit[:7]}")

    def _branches(self) -> list[str]:
        return self.git.text("for-each-ref", "--format=%(refname:lstrip=4)", f"{REFS}/heads").splitlines()

    def _has(self, commit: str) -> bool:
        return bool(self.git.text("for-each-ref", "--count=1", f"--contains={commit}", f"{REFS}/heads", f"{REFS}/tags"))


def version_of(git: Git, commit: str) -> str | None:
    """The product's version in a commit; None when it is no Mooring."""
    if any(git.file(commit, mark) is None for mark in MARKS):
        return None
    found = _VERSION.search(git.file(commit, MARKS[1]) or b"")
    return found[1].decode("utf-8", "replace") if found and _TAG.fullmatch(found[1].decode()) else None


def numbers(version: str) -> tuple[int, ...]:
    """A version to compare; () when it is none."""
    found = _TAG.fullmatch(version)
    return tuple(map(int, found.groups())) if found else ()


def forget(git: Git, *, keep: bool = False) -> None:
    """Removes what was fetched; with `keep` the two compared versions stay, so that their files can be shown."""
    below = (f"{REFS}/heads", f"{REFS}/tags") if keep else (REFS,)
    names = git.text("for-each-ref", "--format=delete %(refname)", *below)
    if names:
        git.run("update-ref", "--stdin", stdin=f"{names}\n".encode())
