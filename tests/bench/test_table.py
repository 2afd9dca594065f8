import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.bench import __main__ as bench
from tests.bench.row import MissingError, Row


@pytest.fixture
def benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three benchmarks: one that measures, one whose rival is missing, one that is broken."""

    def missing() -> list[Row]:
        raise MissingError("apt-get install -y nginx haproxy")

    def broken() -> list[Row]:
        return [Row("half", str(1 // len([])))]

    def measured() -> list[Row]:
        return [Row("switch", "0.5 ms", "25 ms", 0.02, "< 1 ms", ok=True)]

    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    for name, run in {"broken": broken, "missing": missing, "switch": measured}.items():
        (tmp_path / f"bench_{name}.py").touch()
        monkeypatch.setitem(sys.modules, f"tests.bench.bench_{name}", SimpleNamespace(run=run))


@pytest.mark.usefixtures("benchmarks")
def test_every_benchmark_has_a_row_whatever_becomes_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main([]) == 1
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "what",
        "broken",
        "missing",
        "switch",
    ]


@pytest.mark.usefixtures("benchmarks")
def test_a_missing_rival_is_named_with_the_command_that_installs_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["missing"]) == 1
    assert "apt-get install -y nginx haproxy" in capsys.readouterr().out


@pytest.mark.usefixtures("benchmarks")
def test_one_benchmark_can_be_chosen_and_read_by_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["switch", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows == [
        {"what": "switch", "ours": "0.5 ms", "rival": "25 ms", "ratio": 0.02, "limit": "< 1 ms", "ok": True}
    ]


@pytest.mark.usefixtures("benchmarks")
def test_an_unknown_name_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main(["swich"])
    assert "no benchmark swich; there are: broken, missing, switch" in capsys.readouterr().err
