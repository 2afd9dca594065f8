"""What a drill cannot say, whatever a JSON Schema lets through."""

from typing import Any

import pytest
from pydantic import ValidationError

from mooring.spec.drill import Incident, Incidents, Question, Surge, Targets

DRAWN: dict[str, Any] = {"rung": "L0", "share": 0.02, "medianMinutes": 10, "p90Minutes": 50, "mostMinutes": 90}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rung": "L0", "start": 2, "end": 2}, "it ends at 2 h, which is not after its start at 2 h"),
        ({"rung": "L0", "start": 3, "end": 2}, "it ends at 2 h, which is not after its start at 3 h"),
        ({"rung": "L0", "start": -1, "end": 2}, "greater than or equal to 0"),
        ({"rung": "L0", "vendor": "north", "start": 1, "end": 2}, "one of `rung`, `vendor` and `service`"),
        ({"start": 1, "end": 2}, "one of `rung`, `vendor` and `service`"),
    ],
)
def test_an_incident_goes_forward_and_has_one_target(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Incident.model_validate(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"p90Minutes": 10}, "medianMinutes < p90Minutes <= mostMinutes"),
        ({"mostMinutes": 40}, "medianMinutes < p90Minutes <= mostMinutes"),
        ({"severity": 0.5, "leastSeverity": 0.6}, "leastSeverity is above severity"),
        ({"correlation": 0.5}, "`also` and a `correlation` above 0 belong together"),
        ({"also": "L1"}, "`also` and a `correlation` above 0 belong together"),
        ({"also": "L0", "correlation": 0.1}, "another rung than the one that fails"),
        ({"rung": None, "service": "desk", "also": "L1", "correlation": 0.1}, "not beside a service"),
    ],
)
def test_drawn_incidents_have_figures_that_fit_together(given: dict[str, Any], message: str) -> None:
    Incidents.model_validate(DRAWN)
    with pytest.raises(ValidationError, match=message):
        Incidents.model_validate(DRAWN | given)


def test_a_surge_goes_forward() -> None:
    with pytest.raises(ValidationError, match="not after its start"):
        Surge.model_validate({"start": 1, "end": 0.5, "times": 3})


def test_questions_and_targets_have_bounds() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 2000"):
        Question.model_validate({"agent": "clerk", "say": "Hello?", "expect": "yes", "turns": 3000})
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Targets.model_validate({"amplification": 0.5})
