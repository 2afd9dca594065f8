"""What `moor status` says is simulated is what is simulated, and what nobody knows is not 0."""

import pytest

from mooring.operate.status import served
from mooring.report.live import notes, simulated
from mooring.report.page.sentence import simulated as page
from mooring.report.page.words import words
from tests.runtime.sample import sample

RUNTIME = {
    "memory": {"ratio": 0.25, "limit_mib": 1024},
    "context_ratio": 0.5,
    "conversations": 3,
    "queue_depth": 2,
    "loop_lag_seconds": 0.001,
    "canaries": {},
    "tools": {},
}


@pytest.mark.parametrize(
    ("models", "services", "said"),
    [
        (True, [], "simulated models"),
        (False, ["shop"], "simulated service shop"),
        (False, ["oncall", "shop"], "simulated services oncall, shop"),
        (True, ["shop"], "simulated models and service shop"),
        (False, [], ""),
    ],
)
def test_models_and_services_are_told_apart(models: bool, services: list[str], said: str) -> None:
    assert simulated({"models": models, "services": services}) == said


def test_real_models_beside_a_simulated_service_are_real() -> None:
    assert served(sample("real"))["simulated"] == {"models": False, "services": ["shop"]}
    assert served(sample())["simulated"] == {"models": True, "services": ["shop"]}
    assert served(None) == {"agents": {}, "endpoints": {}, "simulated": None}


def test_where_providers_differ_each_is_told() -> None:
    told = served(sample({"one": "real", "two": "simulated", "own": "real"}))
    assert told["endpoints"] == {"one": "real", "own": "real", "two": "simulated"}
    assert told["simulated"] == {"models": False, "services": ["shop"]}
    said = "simulated models of two and service shop, real models of one, own"
    assert simulated(told["simulated"], told["endpoints"]) == said


def test_the_status_page_names_the_providers_that_are_played() -> None:
    told = served(sample({"one": "real", "two": "simulated", "own": "simulated"}))
    english, chinese = (page(words(language), told) for language in ("en", "zh"))
    assert english == ["simulated models of own, two", "simulated: shop"]
    assert chinese[0] == "own、two 的模型为模拟"
    assert page(words("en"), served(sample()))[0] == "simulated models"


def test_one_word_for_each_provider_is_one_word_for_all() -> None:
    told = served(sample({"one": "simulated", "two": "simulated", "own": "simulated"}))
    assert simulated(told["simulated"], told["endpoints"]) == "simulated models and service shop"


def test_tickets_that_nobody_could_count_are_unknown() -> None:
    assert "3 conversations, 2 open tickets," in next(notes("blue", RUNTIME))
    assert "tickets unknown" in next(notes("blue", RUNTIME | {"queue_depth": None}))
