"""Brings what runs into the documents: which files would say it, and which fields cannot be adopted and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.load import load
from mooring.catalog.source import GitTree, Unreadable
from mooring.change.diff import diff
from mooring.errors import MooringError
from mooring.operate.drift.difference import Difference, Moved
from mooring.operate.drift.edit import CannotAdopt, edited, next_version
from mooring.operate.drift.observe import Report
from mooring.operate.drift.origin import KINDS, edits, within
from mooring.operate.drift.sides import content_of
from mooring.release.content import ReleaseContent
from mooring.release.resolve import resolve
from mooring.spec import Environment


@dataclass
class Adoption:
    """`files` are new texts by path; `adopted` are the differences that they end, `refused` those that need a person.

    `shared` are other environments that use an edited document.
    """

    files: dict[str, str] = field(default_factory=dict)
    adopted: list[Difference] = field(default_factory=list)
    refused: list[tuple[Difference, str]] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Edited:
    """Files with some of them changed, as a source of documents."""

    tree: GitTree
    changed: Mapping[str, str]

    @property
    def label(self) -> str:
        return self.tree.label

    def files(self) -> dict[str, bytes | Unreadable]:
        return {**self.tree.files(), **{file: text.encode() for file, text in self.changed.items()}}

    def code(self) -> dict[str, bytes | Unreadable]:
        return self.tree.code()

    def histories(self) -> dict[str, bytes | Unreadable]:
        return self.tree.histories()


def adoptable(report: Report) -> tuple[Difference, ...]:
    """What the live slot has and git has not."""
    live = report.live.slot if report.live else ""
    return tuple(one for one in report.differences if one.moved is Moved.IN_PLACE and one.where in ("", live))


def adopt(root: Path, report: Report, wanted: tuple[Difference, ...]) -> Adoption:
    """What to commit on git's side so that it says what runs. Writes nothing."""
    tree = GitTree(root, report.git.commit)
    catalog, _ = load(tree)
    made = Adoption()
    was, running = _contents(report)
    if was is None or running is None:
        made.refused = [(one, "the release that was deployed cannot be read") for one in wanted]
        return made
    if sum(slot.live for slot in report.slots) > 1:
        said = f"the workers of {report.slots[0].slot} do not run the same; moor drift {report.environment} --heal"
        made.refused = [(one, said) for one in wanted]
        return made
    texts = {file: content.decode() for file, content in tree.files().items() if isinstance(content, bytes)}
    for kind, name in dict.fromkeys((one.change.kind, one.change.name) for one in wanted if one.change):
        of_it = [one for one in wanted if one.change and (one.change.kind, one.change.name) == (kind, name)]
        try:
            places = edits(report, catalog, (kind, name), of_it, was, running)
            files = {
                entry.file: edited(entry, texts[entry.file], values, next_version(root, report.git.commit, entry))
                for entry, values in places
            }
            _says(Edited(tree, {**made.files, **files}), report, (kind, name), of_it, running)
        except CannotAdopt as error:
            made.refused += [(one, str(error)) for one in of_it]
            continue
        texts |= files
        made.files |= files
        made.adopted += of_it
        made.shared |= set(_users(catalog, report.environment, [entry for entry, _ in places]))
    return made


def _contents(report: Report) -> tuple[ReleaseContent | None, ReleaseContent | None]:
    """What came from git, and what the live slot runs."""
    deployed, live = report.deployed, report.live
    if deployed is None or deployed.base is None or live is None or live.content is None:
        return None, None
    return deployed.base.content, content_of(live.content, deployed.release)


def _says(
    source: Edited, report: Report, which: tuple[str, str], wanted: list[Difference], running: ReleaseContent
) -> None:
    """Raises CannotAdopt unless the edited documents make exactly what runs, in every field that is adopted."""
    catalog, findings = load(source)
    wrong = [found for found in findings if found.file in source.changed]
    if wrong:
        raise CannotAdopt(f"the documents would not be valid: {wrong[0]}")
    paths = [one.change.path for one in wanted if one.change]
    for change in diff(running, resolve(catalog, report.environment).content):
        if (change.kind, change.name) == which and any(within(change.path, path) for path in paths):
            raise CannotAdopt(f"the documents would still say another {change.path}; change it by hand")


def _users(catalog: Catalog, environment: str, entries: list[Entry]) -> Iterator[str]:
    """Other environments whose releases an edited document is part of, when it is no environment's own."""
    for name in catalog.all(Environment):
        if name == environment:
            continue
        try:
            content = resolve(catalog, name).content
        except MooringError:  # a broken environment is told of elsewhere
            continue
        for entry in entries:
            kind = entry.document.kind.lower()
            if kind != "environment" and entry.document.name in getattr(content, KINDS[kind][1]):
                yield name
