"""The document of metrics has each one that there is, with its type and labels, and none that there is not."""

from pathlib import Path

import pytest

from mooring import metrics

DOCUMENT = Path(__file__).parents[3] / ".github" / "METRICS.md"


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Type and labels by name, from the tables."""
    found = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            name, kind, labels, what = (cell.strip() for cell in line.strip("|").split("|"))
            assert what, line
            found[name.strip("`")] = kind, tuple(label.strip("` ") for label in labels.split(",") if label)
    return found


def test_each_metric_is_documented_as_it_is(rows: dict[str, tuple[str, tuple[str, ...]]]) -> None:
    assert rows == {
        f"{name}_total" if metric.type == "counter" else name: (
            "gauge" if metric.type == "info" else metric.type,
            metric.labels,
        )
        for name, metric in metrics.METRICS.items()
    }


def test_those_of_slots_and_those_of_the_environment_are_apart() -> None:
    slots, environment = DOCUMENT.read_text(encoding="utf-8").split("## Of the environment")
    for name in metrics.METRICS:
        part, other = (environment, slots) if name in metrics.OF_ENVIRONMENT else (slots, environment)
        assert f"| `{name}" in part
        assert f"| `{name}`" not in other
