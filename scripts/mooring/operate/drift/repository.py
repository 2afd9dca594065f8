"""Drift of the repository's settings: GitHub protects less, or something else, than git says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mooring.errors import Failed, UsageError
from mooring.operate.drift.difference import Difference, Moved
from mooring.operate.drift.observe import Report, aged
from mooring.operate.drift.sides import Ledger
from mooring.operate.repository.github import Pause
from mooring.operate.repository.settings.access import TOKEN, access
from mooring.operate.repository.settings.all import look
from mooring.operate.repository.settings.asking import Asking
from mooring.spec import Repository

NOBODY = "unknown"
WHERE = "GitHub"


def with_settings(report: Report, ledger: Ledger, root: Path, environ: Mapping[str, str], pause: Pause) -> Report:
    """The report with what differs on GitHub of what concerns its environment, where a token may read that.

    A repository that cannot be asked is no difference, but nothing is in sync either.
    """
    documents = report.git.release.content.repositories
    if not documents or not environ.get(TOKEN):
        return report
    found = list(_found(next(iter(documents.values())), report.environment, root, environ, pause))
    return replace(report, differences=(*report.differences, *aged(found, ledger, report.environment)))


def _found(
    document: Repository, environment: str, root: Path, environ: Mapping[str, str], pause: Pause
) -> Iterator[Difference]:
    """Of settings that belong to an environment, those of this one alone."""
    others = {name for name in document.environments if name != environment}
    concerned = document.model_copy(
        update={"environments": {key: one for key, one in document.environments.items() if key not in others}}
    )
    try:
        for one in look(concerned, Asking(access(root, environ), pause)):
            for difference in one.differences:
                yield Difference(Moved.SETTINGS, difference.path, f"{difference.text} ({WHERE})", NOBODY)
            if one.unknown:
                yield _unknown(f"{one.setting.title}: {one.unknown}")
    except (Failed, UsageError) as error:
        yield _unknown(str(error))


def _unknown(why: str) -> Difference:
    return Difference(Moved.SETTINGS_UNKNOWN, WHERE, f"settings of the repository cannot be compared: {why}", NOBODY)
