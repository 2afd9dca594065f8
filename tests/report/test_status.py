"""What `moor status` says is simulated is what is simulated, and what nobody knows is not 0."""

import pytest

from mooring.operate.status import served
from mooring.report.live import notes, simulated
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
    assert served(None) == {"agents": {}, "simulated": None}


def test_tickets_that_nobody_could_count_are_unknown() -> None:
    assert "3 conversations, 2 open tickets," in next(notes("blue", RUNTIME))
    assert "tickets unknown" in next(notes("blue", RUNTIME | {"queue_depth": None}))
