"""A point as a release, against the catalog's rules, and as an edit of files."""

from pathlib import Path

import pytest

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.drill.tune.apply import Allowed, edits, release_at
from mooring.drill.tune.space import ORDER, TODAY, Point
from mooring.errors import Refused
from mooring.release.resolve import resolve
from mooring.spec import Resilience
from tests.repository import CONTENT, Repo, copied

FILE = "configs/resilience/standard.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return copied(tmp_path)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_valid(WorkTree(CONTENT))


def standard(catalog: Catalog) -> Resilience:
    return catalog.all(Resilience)["standard"]


def test_only_agents_of_the_profile_are_drilled_and_overrides_of_an_environment_are_not_meant(catalog: Catalog) -> None:
    found = release_at(resolve(catalog, "local"), standard(catalog), Point((("breaker.consecutiveFailures", 2),)))
    assert set(found.content.agents) == {"support"}
    assert found.content.resilience["standard"].breaker.consecutive_failures == 2
    assert found.content.resilience["standard"].retry.base_seconds == standard(catalog).retry.base_seconds


def test_the_other_order_swaps_the_first_two_models(catalog: Catalog) -> None:
    before = resolve(catalog, "local").content.agents["support"].models
    after = release_at(resolve(catalog, "local"), standard(catalog), Point(((ORDER, True),))).content.agents["support"]
    assert dict(after.models.names())["L0"] == dict(before.names())["L1"]
    assert dict(after.models.names())["L1"] == dict(before.names())["L0"]


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("breaker.openSeconds", 60, True),
        ("ladder.rungs.L0.timeoutSeconds", 8.0, True),
        ("ladder.rungs.L0.timeoutSeconds", 100.0, False),
        ("ladder.rungs.L0.timeoutSeconds", 1.0, False),
        ("retry.baseSeconds", 60.0, False),
        ("retry.tries", 9, False),
        ("breaker.slowCallSeconds", 40.0, False),
        ("ladder.hedge.afterSeconds", 20.0, False),
    ],
)
def test_only_what_validate_takes_is_allowed(catalog: Catalog, path: str, value: float, allowed: bool) -> None:
    """Among it that the worst case is within the objective of the P99."""
    assert Allowed(catalog, standard(catalog))(Point(((path, value),))) is allowed
    assert Allowed(catalog, standard(catalog))(TODAY)


def test_an_edit_keeps_comments_and_all_that_it_does_not_mean(repo: Repo) -> None:
    changes = (
        ("breaker.failureRate", 0.35),
        ("ladder.hedge.afterSeconds", 3.0),
        ("ladder.hedge.percentile", None),
        ("ladder.rungs.L0.timeoutSeconds", 8.5),
        ("ladder.rungs.L0.firstByteSeconds", 6.0),
        ("retry.tries", 5),
    )
    catalog = load_valid(WorkTree(repo.root))
    (edit,) = edits(repo.root, catalog, standard(catalog), Point(changes))

    before, after = edit.before.splitlines(), edit.after.splitlines()
    assert (edit.file, edit.before) == (FILE, (repo.root / FILE).read_text())
    lost = [line for line in before if line not in after]
    assert [line.split(":")[0].strip() for line in lost] == ["version", "tries", "hedge", "L0"]
    new = [line.strip() for line in after if line not in before]
    assert "tries: 5" in new
    assert "failureRate: 0.35" in new
    assert "hedge: {afterSeconds: 3, percentile: null, maxShare: 0.1}" in new
    assert "L0: {connectSeconds: 2, firstByteSeconds: 6, timeoutSeconds: 8.5}" in new
    assert edit.diff.startswith(f"--- a/{FILE}\n+++ b/{FILE}\n")


def test_the_version_is_raised_to_one_that_nobody_used(repo: Repo) -> None:
    repo.edit(FILE, "version: 1.0.3", "version: 1.0.4")
    repo.edit(FILE, "tries: 3", "tries: 4")
    repo.commit()
    repo.edit(FILE, "version: 1.0.4", "version: 1.0.3")
    repo.edit(FILE, "tries: 4", "tries: 3")
    catalog = load_valid(WorkTree(repo.root))
    (edit,) = edits(repo.root, catalog, standard(catalog), Point((("retry.tries", 2),)))
    assert "version: 1.0.5\n" in edit.after


@pytest.mark.slow
def test_the_other_order_edits_the_agents(repo: Repo) -> None:
    catalog = load_valid(WorkTree(repo.root))
    (edit,) = edits(repo.root, catalog, standard(catalog), Point(((ORDER, True),)))
    assert edit.file == "configs/agents/support.yaml"
    changed = [line for line in edit.diff.splitlines()[2:] if line[0] in "+-"]
    assert [line.split(":")[0] for line in changed] == ["-version", "+version", "-  L0", "-  L1", "+  L0", "+  L1"]


def test_a_file_that_changed_meanwhile_is_refused(repo: Repo) -> None:
    catalog = load_valid(WorkTree(repo.root))
    repo.edit(FILE, "baseSeconds: 1", "baseSeconds: 3")
    with pytest.raises(Refused, match=f"{FILE} was changed while the search ran"):
        edits(repo.root, catalog, standard(catalog), Point((("retry.tries", 2),)))
