"""Results that were paid for, kept so that the same release is not asked the same questions again."""

from pathlib import Path
from typing import Any

from mooring.errors import Refused
from mooring.evaluate import journal
from mooring.evaluate.judges.calibration import read
from mooring.evaluate.run import Options, Planned
from mooring.evaluate.values import Results
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest
from mooring.spec.suite import Judge

_UNASKED: dict[str, Any] = {"answer": True, "turns": {"__all__": {"answer"}}}
"""Keys of a case that change nothing for the models that were paid: they are not asked by them."""


def key_of(planned: Planned, options: Options) -> str:
    """Names a run by all that decides what is found: release, questions, repeats, seed, evidence, and who judges."""
    asked = [
        [*key, planned.repeats[key], case.model_dump(mode="json", exclude=_UNASKED), planned.suites[key[0]].agent]
        for key, case in sorted(planned.cases.items())
    ]
    judges = {name: _bench(suite.judge, options) for name, suite in planned.suites.items() if suite.judge}
    named = digest(canonical([planned.release.digest, asked, judges, options.seed, options.evidence]))
    return named.removeprefix("sha256:")


def _bench(judge: Judge, options: Options) -> list[Any]:
    """The judge, its model, and what it has to agree with: a base that another one judged cannot be compared with."""
    labelled = read(options.calibration, judge.calibration).model_dump(mode="json") if judge.calibration else None
    return [judge.model_dump(mode="json"), options.models[judge.model].model_dump(mode="json"), labelled]


class Baselines:
    """A folder of journals, one for each key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.jsonl"

    def get(self, key: str) -> Results | None:
        """Complete results, or None; a damaged file counts as none."""
        try:
            results = journal.read(self.path(key))
        except (OSError, Refused):
            return None
        return results if results.complete else None

    def keep(self, key: str, file: Path) -> None:
        """Keeps a journal. Refused(STALE) when it is not complete: what was not asked would look like not failing."""
        results = journal.read(file)
        if not results.complete or any(trial.passed is None for trial in results.trials):
            raise Refused(
                Reason.STALE, f"{file} is a partial run, or has errors: it cannot be a baseline", "run it again"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        copy = self.path(key).with_suffix(".new")
        copy.write_bytes(file.read_bytes())
        copy.replace(self.path(key))
