"""Results that were paid for, kept so that the same release is not asked the same questions again."""

from pathlib import Path

from mooring.errors import Refused
from mooring.evaluate import journal
from mooring.evaluate.run import Planned
from mooring.evaluate.values import Evidence, Results
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest


def key_of(planned: Planned, seed: int, evidence: Evidence) -> str:
    """Names a run by all that decides what is asked: release, questions, repeats, seed and class of evidence."""
    asked = [
        [*key, planned.repeats[key], case.model_dump(mode="json"), planned.suites[key[0]].agent]
        for key, case in sorted(planned.cases.items())
    ]
    judges = {name: suite.judge and suite.judge.model_dump(mode="json") for name, suite in planned.suites.items()}
    named = digest(canonical([planned.release.digest, asked, judges, seed, evidence]))
    return named.removeprefix("sha256:")


class Baselines:
    """A folder of journals, one for each key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.jsonl"

    def get(self, key: str) -> Results | None:
        """Complete results, or None; a damaged file is as good as none."""
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
