"""The table of formats, and one file of any of them into documents."""

from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType

from mooring.errors import UsageError
from mooring.exchange import dotprompt, prompty
from mooring.exchange.files import Unusable, data_of, read
from mooring.exchange.intake import Intake, Wishes
from mooring.exchange.promptfoo import config
from mooring.exchange.tools import read_mcp, read_openai

FORMATS: Mapping[str, Callable[[bytes, Intake], None]] = MappingProxyType(
    {
        "promptfoo": config.read,
        "dotprompt": dotprompt.read,
        "prompty": prompty.read,
        "openai": lambda content, intake: read_openai(data_of(intake.file, content), intake),
        "mcp": lambda content, intake: read_mcp(data_of(intake.file, content), intake),
    }
)


def take(label: str, path: Path, kind: str | None, wishes: Wishes) -> Intake:
    """The documents of one file. Raises UsageError, which names the file, when it cannot be read as `kind`."""
    intake = Intake(label, path.parent, wishes)
    try:
        content = read(path)
        FORMATS[kind or _kind(label, content)](content, intake)
    except Unusable as error:
        raise UsageError(f"{label}: {error}") from None
    return intake


def _kind(file: str, content: bytes) -> str:
    """By suffix, and JSON by what is in it. Raises Unusable when it may be either."""
    by_suffix = {".prompt": "dotprompt", ".prompty": "prompty", ".yaml": "promptfoo", ".yml": "promptfoo"}
    suffix = PurePath(file).suffix.lower()
    if suffix in by_suffix:
        return by_suffix[suffix]
    data = data_of(file, content)
    if isinstance(data, dict) and any(key in data for key in ("prompts", "providers", "tests")):
        return "promptfoo"
    inside = data.get("result", data) if isinstance(data, dict) else data
    listed = inside.get("tools") if isinstance(inside, dict) else inside
    first = listed[0] if isinstance(listed, list) and listed else inside
    if isinstance(first, dict) and first.get("type") == "function":
        return "openai"
    if isinstance(first, dict) and "inputSchema" in first:
        return "mcp"
    raise Unusable("is of no format that can be told; name it by --kind")
