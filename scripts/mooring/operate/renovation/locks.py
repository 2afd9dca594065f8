"""The locks, and whether they are in step: a package that is in two of them has one version. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

PROJECT = "pyproject.toml"
RUNTIME, EVAL, DEV = "requirements.lock", "requirements-eval.lock", "requirements-dev.lock"
MODEL = "requirements-model.lock"
GROUPS: Mapping[str, str] = {DEV: "dev", EVAL: "eval", RUNTIME: ""}
"""The dependency group of each lock, the largest first: each holds all of the next."""

APART: Mapping[str, str] = {MODEL: "model"}
"""The group of each lock of an environment of its own. It holds what the group names, and nothing else."""

FILES = (*GROUPS, *APART)

_PACKAGE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Pin:
    """A version, and where it counts: a marker, "" for everywhere."""

    version: str
    marker: str
    hashes: int


def pins(text: str) -> dict[str, list[Pin]]:
    """The pins of a lock by package. A package has several where they count on different machines."""
    starts = list(_PACKAGE.finditer(text))
    ends = [*(one.start() for one in starts[1:]), len(text)]
    found: dict[str, list[Pin]] = {}
    for one, end in zip(starts, ends, strict=False):
        pin = Pin(one[2], (one[3] or "").strip(), len(_HASH.findall(text[one.end() : end])))
        found.setdefault(re.sub(r"[-_.]+", "-", one[1]).lower(), []).append(pin)
    return found


def out_of_step(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with locks, by file, in a sentence each; empty where they are in step."""
    locks = {file: pins(text) for file, text in texts.items()}
    wrong = [f"{file} holds no package" for file, lock in locks.items() if not lock]
    wrong += [
        f"{file}: {name} has no hash" for file, lock in locks.items() for name, one in lock.items()
        if not all(pin.hashes for pin in one)
    ]  # fmt: skip
    files = [file for file in GROUPS if file in locks]
    for larger, smaller in pairwise(files):
        wrong += _compared(larger, locks[larger], smaller, locks[smaller])
    return wrong


def _compared(
    larger: str, all_of: Mapping[str, list[Pin]], smaller: str, some: Mapping[str, list[Pin]]
) -> Iterator[str]:
    for name, here in sorted(some.items()):
        there = _versions(all_of.get(name, ()))
        if not there:
            yield f"{name} is in {smaller} and not in {larger}"
        elif not _versions(here) <= there:
            yield f"{name} is {_said(here)} in {smaller} and {_said(all_of[name])} in {larger}"


def _versions(found: Iterable[Pin]) -> set[str]:
    return {pin.version for pin in found}


def _said(found: Iterable[Pin]) -> str:
    return " or ".join(sorted(_versions(found)))


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """`httpx 1.0 → 1.1`, for each package whose version differs in any lock."""
    old, new = _all(before), _all(after)
    return [
        f"{name} {_said(old.get(name, ())) or 'new'} → {_said(new.get(name, ())) or 'gone'}"
        for name in sorted(old.keys() | new.keys())
        if _versions(old.get(name, ())) != _versions(new.get(name, ()))
    ]


def _all(texts: Mapping[str, str]) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = {}
    for text in texts.values():
        for name, some in pins(text).items():
            found.setdefault(name, []).extend(some)
    return found
