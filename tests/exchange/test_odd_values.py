"""Any value of a file may be another than it should be: it is told or carried, and never a crash."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.parse import parse
from mooring.errors import UsageError
from mooring.exchange.files import front_matter
from mooring.exchange.intake import Wishes
from mooring.exchange.reading import take
from mooring.exchange.writing import render

EXAMPLES = Path(__file__).parent / "examples"
NAMES = ["promptfoo/support/promptfooconfig.yaml", "dotprompt/greeting.prompt", "prompty/summary.prompty"]
NAMES += ["openai/desk.json", "mcp/tickets.json", "promptfoo/shop/promptfooconfig.yaml"]
ODD: list[Any] = [None, True, 3, "", "x", [], {}, [1], {"a": 1}, [[{"type": 3}]], {"type": ["object"], "properties": 3}]


def places(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*way, key)
        yield from places(value, (*way, key))


def replaced(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    data = at = copy.deepcopy(data)
    for key in way[:-1]:
        at = at[key]
    at[way[-1]] = value
    return data


def example(name: str) -> tuple[Any, str]:
    """The data of an example, and the text behind it."""
    content = (EXAMPLES / name).read_bytes()
    if name.endswith((".prompt", ".prompty")):
        data, body, _ = front_matter(name, content)
        return data, body
    return (json.loads(content) if name.endswith(".json") else parse(name, content).data), ""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_odd_values_are_no_crash(name: str, tmp_path: Path) -> None:
    data, body = example(name)
    kind = name.split("/")[0]
    file = tmp_path / Path(name).name
    for number, way in enumerate(places(data)):
        for odd in ODD[number % 4 :: 4]:  # some at each place: all of them take too long
            text = json.dumps(replaced(data, way, odd))
            file.write_text(f"---\n{text}\n---\n{body}" if body else text)
            try:
                intake = take(file.name, file, kind, Wishes())
            except UsageError:
                continue
            for draft in intake.drafts:
                assert render(draft, "@tidewater/support")
