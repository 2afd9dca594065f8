"""`prompts` of a promptfoo config: texts, chats as JSON or YAML, and files that hold them."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mooring.exchange.files import FILE, Unusable, data_of, json_of, referred, text_of
from mooring.exchange.intake import Intake, kebab
from mooring.exchange.prompts import Line, add_prompt

_TEXTS = (".txt", ".md", ".j2", ".njk")
_DATA = (".json", ".yaml", ".yml")
_REMOTE = ("http://", "https://", "exec:", "langfuse://", "portkey://", "helicone://", "package:", "python:")
_SEPARATOR = re.compile(r"^---[ \t]*$", re.MULTILINE)


def read_prompts(intake: Intake, given: Any, group: str) -> None:
    """Every prompt of the list becomes a document; each problem is noted."""
    for index, item in enumerate(given if isinstance(given, list) else [given]):
        path = f"prompts.{index}"
        try:
            _prompt(intake, path, item, group, index)
        except Unusable as error:
            intake.leave(path, str(error))


def _prompt(intake: Intake, path: str, item: Any, group: str, index: int) -> None:
    label = None
    if isinstance(item, Mapping):
        intake.leave_rest(path, item, {"function": "is code, which is never run"}, {"id", "label", "raw"})
        label, item = item.get("label"), item.get("raw", item.get("id"))
    if not isinstance(item, str):
        raise Unusable("is no text")
    if item.startswith(_REMOTE):
        raise Unusable("is fetched or run, which is never done")
    name = kebab(label, "prompt") if label else f"prompt-{index + 1}"
    texts = [item]
    if "\n" not in item and (item.startswith(FILE) or item.endswith((*_TEXTS, *_DATA))):
        file, content = referred(intake.folder, item)
        if not file.endswith((*_TEXTS, *_DATA)):
            raise Unusable(f"{file} is no text, JSON or YAML")
        name = name if label else kebab(PurePath(file).stem, name)
        if file.endswith((".yaml", ".yml")):
            return _add(intake, f"{group}/{name}", label, _chat(data_of(file, content), path))
        text = text_of(content)
        texts = _SEPARATOR.split(text) if file.endswith(".txt") else [text]
    for text in texts:
        if text.strip():
            _add(intake, f"{group}/{name}", label, _lines(text, path))
    return None


def _add(intake: Intake, name: str, label: Any, lines: list[Line]) -> None:
    add_prompt(intake, name, label, lines)


def _lines(text: str, path: str) -> list[Line]:
    """A text that is a JSON chat is one; every other text is a message of the user, as promptfoo sends it."""
    if not re.match(r"\s*\[\s*\{\s*\"", text):
        return [Line("user", text.strip("\n"), path)]
    try:
        return _chat(json_of(text), path)
    except Unusable as error:
        raise Unusable(f"is a chat that is no plain JSON before its variables are filled in: {error}") from None


def _chat(data: Any, path: str) -> list[Line]:
    """Messages of a chat. Raises Unusable."""
    if not isinstance(data, list):
        raise Unusable("is no list of messages")
    return [_message(message, f"{path}.{index}") for index, message in enumerate(data)]


def _message(message: Any, path: str) -> Line:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        parts = [
            part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in content
        ]
        if not all(isinstance(part, str) for part in parts):
            raise Unusable("has a message with a part that is no text")
        content = "\n".join(str(part) for part in parts)
    if not isinstance(content, str):
        raise Unusable("has a message without text")
    return Line(str(message.get("role")), content, path)
