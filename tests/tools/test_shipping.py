"""What the tool answers is what its document promises, for every country it takes."""

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.content.scripts.tools.shipping import estimate
from tests.repository import CONTENT

DOCUMENT = CONTENT / "configs/tools/shop/shipping-estimate.yaml"
TOOL: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
COUNTRIES = TOOL["inputSchema"]["properties"]["country"]["enum"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_a_rate(country: str) -> None:
    answer = estimate(country)
    Draft202012Validator(TOOL["outputSchema"]).validate(answer)
    assert 2 <= answer["workingDays"]["from"] < answer["workingDays"]["to"] <= 5


@pytest.mark.parametrize(("total", "cost"), [(0, 4.9), (80, 4.9), (80.01, 0)])
def test_large_orders_ship_free(total: float, cost: float) -> None:
    assert estimate("DE", total)["cost"] == cost
