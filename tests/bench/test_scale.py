"""The benchmark of scale compares what it measured with what is committed, and writes it where it is told to."""

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.drill.scale.figures import read
from tests.bench import __main__ as bench
from tests.bench import bench_scale
from tests.drill.scale.made_up import figures


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement that takes no minutes."""
    data: dict[str, Any] = json.loads(figures().model_dump_json(by_alias=True))
    monkeypatch.setattr(bench_scale, "measure", lambda: data)


@pytest.mark.usefixtures("measured")
def test_what_was_measured_is_written_where_the_drill_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.json"
    bench.main(["scale", "--json", "--write", str(file)])
    assert read(file) == figures()
    rows = {row["what"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["connections of a worker"]["ok"] is True
    committed = read().run["durable"].statements
    assert rows["a run, checkpoints durable: statements"]["ratio"] == pytest.approx(12 / committed)


@pytest.mark.usefixtures("measured")
def test_a_count_that_is_no_longer_what_is_committed_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_scale, "read", lambda: figures(statements=24))
    missed = [row.what for row in bench_scale.run() if row.ok is False]
    assert missed == ["a run, checkpoints durable: statements"]


def test_only_figures_that_others_read_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main(["tokens", "--write"])
    assert "bench scale --write" in capsys.readouterr().err
