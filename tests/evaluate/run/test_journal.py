"""Results on disk, whatever ended the run."""

from pathlib import Path

import pytest

from mooring.errors import Refused
from mooring.evaluate.baselines import Baselines
from mooring.evaluate.journal import Head, Journal, read
from mooring.evaluate.values import Call, Reply, Results, Score, Trial

HEAD = Head("sha256:1", "local", "simulated", 7, "2026-01-15T12:00:00+00:00", {"s": "sha256:2"})


def trial(case: str = "a", passed: bool | None = True) -> Trial:
    call = Call("find_order", {"order": "A-1"}, {"status": "sent"})
    reply = Reply("It is sent.", (call,), "L0", 10, 2, 0.001, 0.2, ("refund_order",))
    return Trial(
        "s",
        case,
        0,
        "simulated",
        (reply,),
        (Score("contains", "contains", True, 1.0, turn=0, cost_usd=0.002),),
        passed,
        0.3,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "trials.jsonl"


def test_what_is_written_is_read_again(path: Path) -> None:
    with Journal(path, HEAD) as book:
        book.add(trial("a"), "[system]\nBe kind.")
        book.add(trial("b", passed=None))
        book.end(True)
    results = read(path)
    assert results.trials == (trial("a"), trial("b", passed=None))
    assert (results.complete, results.prompts) == (True, {"s/a": "[system]\nBe kind."})
    assert Results.from_data(results.data()) == results


def test_a_journal_that_knows_no_cost_of_judges_is_read_as_free(path: Path) -> None:
    with Journal(path, HEAD) as book:
        book.add(trial())
        book.end(True)
    path.write_text(path.read_text().replace(',"cost_usd":0.002', ""))
    (found,) = read(path).trials
    assert (found.cost.answers, found.cost.judges) == (0.001, 0)


@pytest.mark.parametrize("torn", [b"", b'{"trial": {"sui'])
def test_a_run_that_was_cut_off_is_partial_and_keeps_what_there_was(path: Path, torn: bytes) -> None:
    with Journal(path, HEAD) as book:
        book.add(trial())
    path.write_bytes(path.read_bytes() + torn)
    results = read(path)
    assert results.trials == (trial(),)
    assert not results.complete


@pytest.mark.parametrize("text", ["", "hello\n", "[1]\n", '{"format": "other"}\n'])
def test_another_file_is_refused(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(Refused):
        read(path)


@pytest.mark.parametrize(("complete", "passed"), [(False, True), (True, None)])
def test_a_partial_run_cannot_become_a_baseline(
    path: Path, tmp_path: Path, complete: bool, passed: bool | None
) -> None:
    with Journal(path, HEAD) as book:
        book.add(trial(passed=passed))
        book.end(complete)
    baselines = Baselines(tmp_path / "baselines")
    with pytest.raises(Refused, match="partial run"):
        baselines.keep("k", path)
    assert baselines.get("k") is None


def test_a_complete_run_is_a_baseline_until_its_file_is_damaged(path: Path, tmp_path: Path) -> None:
    with Journal(path, HEAD) as book:
        book.add(trial())
        book.end(True)
    baselines = Baselines(tmp_path / "baselines")
    baselines.keep("k", path)
    assert baselines.get("k") == read(path)
    baselines.path("k").write_text("x")
    assert baselines.get("k") is None
