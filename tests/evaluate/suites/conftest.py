"""One run of all suites, of the present prompts and of the broken ones."""

from collections import defaultdict

import pytest

from mooring.evaluate.run import Options, run_suites
from mooring.evaluate.values import Trial
from mooring.release.release import Release
from tests.evaluate.suites.cases import FAILING, LINES
from tests.evaluate.suites.sabotage import ROOT, beside, present, suites

Asked = dict[str, dict[str, Trial]]
"""Trials by edit, "" for the present prompts, and by `suite/case`."""


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """What came of it: every case for an edit of FAILING, for a lost line those that ought to fail."""
    folder = tmp_path_factory.mktemp("suites")
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
    options = Options("simulated", ROOT / "evals/simulator", folder, folder / "trials.jsonl", chosen=chosen)
    results = run_suites(Release.of(content), copies, options, lambda trial: None)
    found: Asked = defaultdict(dict)
    for trial in results.trials:
        edit = next((edit for edit in edits if trial.suite.endswith(f"-{edit}")), "")
        found[edit][f"{trial.suite.removesuffix(f'-{edit}')}/{trial.case}"] = trial
    return found
