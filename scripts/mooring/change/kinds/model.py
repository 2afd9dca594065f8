"""Models: who answers, where, with what options, at what price."""

from mooring.change.rules import Sides, budget, moved, number
from mooring.change.walk import Rule, Rules


def rules(_: Sides) -> Rules:
    return {
        "apiType": moved("model.endpoint-changed", "protocol"),
        "baseUrl": moved("model.endpoint-changed", "endpoint"),
        "contextWindow": moved("model.window-changed", "context window"),
        "id": moved("model.swapped", "id"),
        "maxInFlight": moved("model.queue-changed", "calls at once"),
        "options.maxOutputTokens": budget("output tokens"),
        "options.seed": moved("model.options-changed", "seed"),
        "options.temperature": moved("model.options-changed", "temperature"),
        "options.topP": moved("model.options-changed", "topP"),
        "prices.inputPerMillion": _price("input"),
        "prices.outputPerMillion": _price("output"),
        "provider": moved("model.provider-swapped", "provider"),
        "weights": moved("model.weights-changed", "weights"),
        "secretRef": moved("model.secret-changed", "key"),
    }


def _price(way: str) -> Rule:
    return number("model.price-raised", "model.price-lowered", f"{way} price", " $ per million tokens")
