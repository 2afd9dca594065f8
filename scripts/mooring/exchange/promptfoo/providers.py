"""`providers` of a promptfoo config: models, and the tools that they are given."""

from typing import Any

from mooring.exchange.files import FILE, Unusable, data_of, referred
from mooring.exchange.intake import Intake
from mooring.exchange.models import add_model
from mooring.exchange.tools import read_openai

_SPOKEN = ("chat", "messages", "responses", "completion")


def read_providers(intake: Intake, key: str, given: Any, group: str) -> None:
    """Each provider becomes a Model document, and its tools Tool documents."""
    for index, item in enumerate(given if isinstance(given, list) else [] if given is None else [given]):
        path = f"{key}.{index}"
        if isinstance(item, dict) and "id" not in item and len(item) == 1:
            ((name, options),) = item.items()  # the form {openai:chat:gpt: {config: …}}
            item = {**(options if isinstance(options, dict) else {}), "id": name}
        if isinstance(item, dict):
            why = {"prompts": "an agent has one prompt", "transform": "is code, which is never run"}
            intake.leave_rest(path, item, why, {"id", "label", "config"})
        model_of(intake, path, item, group)


def model_of(intake: Intake, path: str, item: Any, group: str = "") -> str | None:
    """The Model document of a provider such as `openai:chat:gpt-4.1`, if it can be one."""
    name, config = (item.get("id"), item.get("config")) if isinstance(item, dict) else (item, None)
    if not isinstance(name, str):
        intake.leave(path, "names no provider")
        return None
    if name.startswith((FILE, "exec:", "python:", "package:", "golang:", "http", "ws", "webhook")):
        intake.leave(path, f"{name!r} is code or a service of one's own; answers come from models")
        return None
    config = config if isinstance(config, dict) else {}
    vendor, _, rest = name.partition(":")
    first, colon, id_ = rest.partition(":")
    if colon and first in ("embedding", "embeddings", "image", "realtime", "moderation", "assistant"):
        intake.leave(path, f"{name} is no chat")
        return None
    tools = config.get("tools")
    if tools is not None and group:
        _tools(intake, f"{path}.config.tools", tools, group)
    id_ = id_ if colon and first in _SPOKEN else rest
    return add_model(intake, path, vendor, id_, config, frozenset({"tools"}))


def _tools(intake: Intake, path: str, given: Any, group: str) -> None:
    if isinstance(given, str):
        try:
            given = data_of(*referred(intake.folder, given))
        except Unusable as error:
            return intake.leave(path, str(error))
    return read_openai(given, intake, path, group)
