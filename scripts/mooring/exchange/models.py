"""A model named by another tool into a document, where its vendor is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mooring.exchange.intake import Intake, kebab

CONTEXT_WINDOW = 8192
PRICE = 100
"""US dollars per million tokens: dearer than what is on sale, so that no budget is overrun unseen."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where models of a vendor answer; a machine of one's own wants no key."""

    base_url: str
    secret: str | None
    api_type: str = "openai-chat"


VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {
        "openai": Vendor("https://api.openai.com/v1", "env:OPENAI_API_KEY"),
        "anthropic": Vendor("https://api.anthropic.com", "env:ANTHROPIC_API_KEY", "anthropic-messages"),
        "google": Vendor("https://generativelanguage.googleapis.com/v1beta/openai", "env:GEMINI_API_KEY"),
        "mistral": Vendor("https://api.mistral.ai/v1", "env:MISTRAL_API_KEY"),
        "groq": Vendor("https://api.groq.com/openai/v1", "env:GROQ_API_KEY"),
        "openrouter": Vendor("https://openrouter.ai/api/v1", "env:OPENROUTER_API_KEY"),
        "local": Vendor("http://127.0.0.1:11434/v1", None),
    }
)
ALIASES = MappingProxyType({"googleai": "google", "vertex": "google", "ollama": "local"})

_OPTIONS = {
    **dict.fromkeys(("temperature",), "temperature"),
    **dict.fromkeys(("top_p", "topP"), "topP"),
    **dict.fromkeys(("seed",), "seed"),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"), "maxOutputTokens"),
}
_BASE = ("apiBaseUrl", "base_url", "baseUrl")
_WHY = {
    **dict.fromkeys(("apiKey", "api_key"), "a key is never taken over; name it by secretRef"),
    **dict.fromkeys(("response_format", "responseFormat"), "an agent's `output` says what shape its answers have"),
    **dict.fromkeys(("tool_choice", "toolChoice"), "the model chooses here"),
}


def add_model(
    intake: Intake, path: str, vendor: str, id_: str, config: Mapping[str, Any], carried: frozenset[str] = frozenset()
) -> str | None:
    """The name of the Model document, or None where the vendor is not known. Keys of `config` are promptfoo's,
    OpenAI's or dotprompt's; `carried` are those that the caller has used."""
    known = VENDORS.get(name := ALIASES.get(vendor, vendor))
    if known is None or not id_:
        intake.leave(path, f"the provider {vendor!r} is not known here; write its Model by hand")
        return None
    options: dict[str, Any] = {}
    for key, value in config.items():
        if key in _OPTIONS and isinstance(value, int | float) and not isinstance(value, bool):
            options[_OPTIONS[key]] = value
    base = next((config[key] for key in _BASE if isinstance(config.get(key), str)), known.base_url)
    if not base.startswith(("https://", "http://")) or "{" in base:
        intake.leave(path, "its base URL is no plain URL; the vendor's own is written")
        base = known.base_url
    variable = config.get("apiKeyEnvar")
    secret = f"env:{variable}" if isinstance(variable, str) else known.secret
    used = {"apiKeyEnvar", *_BASE, *carried, *(key for key in config if _OPTIONS.get(key) in options)}
    intake.leave_rest(f"{path}.config", config, _WHY, used)
    price = 0 if name == "local" else PRICE
    data: dict[str, Any] = {"provider": name, "id": id_, "apiType": known.api_type, "baseUrl": base}
    data |= {"secretRef": secret} if secret else {}
    data |= {"contextWindow": CONTEXT_WINDOW} | ({"options": options} if options else {})
    data["prices"] = {"inputPerMillion": price, "outputPerMillion": price}
    prices = f", and prices of ${price} per million tokens" if price else ""
    intake.choose(path, f"{id_}: its size is not said: a context window of {CONTEXT_WINDOW} tokens{prices}")
    return intake.add("Model", f"{name}/{kebab(id_, 'model')}", f"{id_} by {name}, as {intake.file} calls it.", data)
