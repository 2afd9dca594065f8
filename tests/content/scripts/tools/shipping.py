"""What the shop's parcels cost and how long they take, by its published rates."""

from typing import Any

COST = 4.90
FREE_FROM = 80
"""Euros: the cost of a parcel, and the value of an order from which it costs nothing."""

WORKING_DAYS = {
    (2, 3): ("DE",),
    (3, 4): ("AT", "BE", "CZ", "DK", "FR", "LU", "NL", "PL"),
    (4, 5): ("ES", "FI", "IE", "IT", "PT", "SE"),
}
"""Countries by the fewest and the most days until a parcel arrives."""


def estimate(country: str, total: float = 0) -> dict[str, Any]:
    """Days and cost of a parcel to a country, by its ISO 3166 code, for an order worth `total` euros."""
    fewest, most = next(days for days, countries in WORKING_DAYS.items() if country in countries)
    cost = 0.0 if total > FREE_FROM else COST
    return {
        "country": country,
        "workingDays": {"from": fewest, "to": most},
        "cost": cost,
        "currency": "EUR",
        "freeAbove": FREE_FROM,
    }
