"""One run of all suites, of the present prompts and of the broken ones."""

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mooring.evaluate.journal import read
from mooring.evaluate.run import Options, run_suites
from mooring.evaluate.values import Results, Trial
from mooring.release.release import Release
from tests.evaluate.suites.cases import FAILING, LINES
from tests.evaluate.suites.sabotage import beside, present, suites
from tests.repository import CONTENT

Asked = dict[str, dict[str, Trial]]
"""Trials by edit, "" for the present prompts, and by `suite/case`."""


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """What came of it: every case for an edit of FAILING, for a lost line those that ought to fail."""
    with alone(tmp_path_factory) as folder:
        return by_edit(results(folder))


@contextmanager
def alone(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all processes of this test run have in common, one after the other."""
    own = factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (folder / "suites.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def results(folder: Path) -> Results:
    """Asks every suite, unless another process did."""
    known = folder / "trials.jsonl"
    if known.exists():
        return read(known)
    edits = {name: edit for name, (edit, _) in (FAILING | LINES).items()}
    content = beside(present(), edits)
    copies, chosen = dict(suites()), {}
    for edit in edits:
        for name, suite in suites().items():
            copy = f"{name}-{edit}"
            if f"{suite.agent}-{edit}" not in content.agents:
                continue
            copies[copy] = suite.model_copy(update={"name": copy, "agent": f"{suite.agent}-{edit}"})
            ids = frozenset(case.id for case in suite.tests)
            chosen[copy] = ids if edit in FAILING else ids & LINES[edit][1].get(name, frozenset())
    journal = folder / "unfinished.jsonl"
    options = Options("simulated", CONTENT / "evals/simulator", folder, journal, chosen=chosen)
    found = run_suites(Release.of(content), copies, options, lambda trial: None)
    journal.rename(known)
    return found


def by_edit(results: Results) -> Asked:
    found: Asked = defaultdict(dict)
    for trial in results.trials:
        edit = next((edit for edit in FAILING | LINES if trial.suite.endswith(f"-{edit}")), "")
        found[edit][f"{trial.suite.removesuffix(f'-{edit}')}/{trial.case}"] = trial
    return found
