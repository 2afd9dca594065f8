"""The text format of Prometheus, with values that would break it."""

import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mooring.operate.monitor.exposition import Family, kind_of, labelled, prefix, render


def test_what_is_written_is_read_back_by_prometheus_own_parser() -> None:
    odd = {"agent": 'a "quoted"\\ name\nof two lines', "language": "中文", "error": ""}
    family = Family(
        "mooring_served_total",
        "counter",
        "Served,\nas it were: \\.",
        [(prefix("mooring_served_total", labelled(odd)), 3)],
    )
    [read] = text_string_to_metric_families(render([family]))
    assert (read.name, read.type, read.documentation) == ("mooring_served", "counter", "Served,\nas it were: \\.")
    [sample] = read.samples
    assert sample.labels == {"agent": odd["agent"], "language": "中文"}, "an empty label is no label"
    assert sample.value == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (0.1, "0.1"), (1e300, "1e+300"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"), (True, "1")],
)
def test_numbers_are_as_short_as_they_can_be(value: float, text: str) -> None:
    assert render([Family("x", "gauge", "X.", [("x", value)])]).splitlines()[-1] == f"x {text}"


def test_what_is_no_number_is_said_so() -> None:
    assert render([Family("x", "gauge", "X.", [("x", float("nan"))])]).splitlines()[-1] == "x NaN"


def test_a_family_without_series_is_left_out() -> None:
    assert render([Family("x", "gauge", "X.")]) == ""


def test_promtool_takes_it() -> None:
    families = [
        Family("mooring_served_total", "counter", "Served.", [('mooring_served_total{a="b"}', 1)]),
        Family("mooring_live_info", "gauge", "What is live.", [('mooring_live_info{slot="blue"}', 1)]),
    ]
    done = subprocess.run(["promtool", "check", "metrics"], input=render(families), capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_names_are_as_the_format_has_them() -> None:
    assert kind_of("mooring_served", "counter") == ("mooring_served_total", "counter")
    assert kind_of("mooring_live", "info") == ("mooring_live_info", "gauge")
    assert kind_of("mooring_seconds", "histogram") == ("mooring_seconds", "histogram")
