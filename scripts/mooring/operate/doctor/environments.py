"""The environments: their documents, addresses and variables, and what runs."""

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.errors import MooringError
from mooring.finding import Finding
from mooring.operate.doctor.diagnosis import Check, Diagnosis, or_ok
from mooring.release.content import ReleaseContent

_VARIABLE = re.compile(r"env:([A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Here:
    """An environment that runs on this machine, or is to. `live` and `phase` are of its status, None where unknown.

    `expected` is whether something should run: it was asked for by name, or was deployed. `problem` is why its status
    cannot be told.
    """

    name: str
    content: ReleaseContent | MooringError
    running: bool
    live: str | None
    expected: bool
    problem: str = ""
    warnings: tuple[str, ...] = ()


def documents(findings: list[Finding], count: int) -> Diagnosis:
    """Whether the documents of the work tree are valid."""
    check = Check("environment", "documents")
    if not findings:
        return check.ok(f"{count} documents are valid")
    what = f"{len(findings)} finding{'s' * (len(findings) != 1)} in documents, such as {findings[0].file}"
    return check.finding(what, "nothing can be planned or deployed", "moor validate shows them")


def diagnoses(here: Here, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    if isinstance(here.content, MooringError):
        yield Check("environment", f"{here.name} release").unknown(f"git makes no release of it: {here.content}")
        return
    yield _ports(here, here.content)
    yield from _variables(here, here.content, environ)
    yield _runs(here)


def _ports(here: Here, content: ReleaseContent) -> Diagnosis:
    """An address is free, or the environment's own supervisor listens there."""
    check, target = Check("environment", f"{here.name} address"), content.environment.target
    wanted = [one for one in target.sockets.values() if one]
    if here.running:
        return check.ok(f"{here.name} listens on {', '.join(wanted)}")
    for one in wanted:
        if why := _taken(one):
            what = f"{here.name} cannot listen on {one}: {why}"
            fix = f"end what listens there (ss -ltnp), or change `target` of {here.name}"
            return check.finding(what, "it cannot be started", fix)
    return check.ok(f"{', '.join(wanted)} {'is' if len(wanted) == 1 else 'are'} free for {here.name}")


def _taken(address: str) -> str:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
            probe.listen(1)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _variables(here: Here, content: ReleaseContent, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Only names are looked at, and whether a value is there."""
    check = Check("environment", f"{here.name} variables")
    wanted = sorted(variables(content))
    missing = [name for name in wanted if not environ.get(name)]
    found = (
        check.finding(
            f"{name} is not set here, which {here.name} refers to",
            "what needs it fails when it is needed",
            f"export {name}=… where the runner and the supervisor start",
        )
        for name in missing
    )
    yield from or_ok(found, check, f"{len(wanted)} variable{'s' * (len(wanted) != 1)} that it refers to")


def variables(content: ReleaseContent) -> set[str]:
    """Variables of the machine that a release refers to; keys of models only where they are asked."""
    data = content.model_dump(mode="json", by_alias=True, exclude={"models"})
    return {*_named(data), *content.model_variables}


def _named(value: Any) -> Iterator[str]:
    match value:
        case str():
            if found := _VARIABLE.fullmatch(value):
                yield found[1]
        case dict():
            for item in value.values():
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)


def _runs(here: Here) -> Diagnosis:
    check = Check("environment", f"{here.name} status")
    if here.problem:
        return check.unknown(f"the status of {here.name} cannot be told: {here.problem}", f"moor status {here.name}")
    if here.running and here.live:
        if here.warnings:
            why, fix = "what is kept of it may be lost", f"moor status {here.name}"
            return check.finding(f"{here.name} serves, with a warning: {here.warnings[0]}", why, fix)
        return check.ok(f"{here.name} serves {here.live[:19]}")
    if not here.expected:
        return check.ok(f"nothing of {here.name} was deployed here")
    what = f"{here.name} {'has no live release' if here.running else 'does not run'}"
    return check.finding(what, "nobody is answered", f"moor up {here.name}")
