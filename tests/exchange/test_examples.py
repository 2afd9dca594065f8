"""Files of other tools as they are found in the wild, and all that becomes of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.catalog.load import read
from mooring.exchange.intake import Wishes
from mooring.exchange.reading import take
from mooring.exchange.writing import place, render, unsound

EXAMPLES = Path(__file__).parent / "examples"
FILES = {
    "promptfoo": "promptfoo/support/promptfooconfig.yaml",
    "promptfoo-shop": "promptfoo/shop/promptfooconfig.yaml",
    "dotprompt": "dotprompt/greeting.prompt",
    "prompty": "prompty/summary.prompty",
    "openai": "openai/desk.json",
    "mcp": "mcp/tickets.json",
}


@pytest.mark.parametrize("kind", FILES)
def test_an_example_becomes_what_was_looked_at(kind: str, golden: Callable[[str, str], None]) -> None:
    intake = take(Path(FILES[kind]).name, EXAMPLES / FILES[kind], None, Wishes(agent="support"))
    notes = ["Left behind", *map(str, sorted(intake.left)), "", "Decided", *map(str, sorted(intake.chosen))]
    documents = [f"{place(draft)}\n{render(draft, '@tidewater/support')}" for draft in intake.drafts]
    golden(f"exchange/{kind}.txt", "\n".join([*notes, "", *documents]))


@pytest.mark.parametrize("kind", FILES)
def test_every_document_can_be_read_again(kind: str) -> None:
    intake = take(Path(FILES[kind]).name, EXAMPLES / FILES[kind], None, Wishes(agent="support"))
    assert intake.drafts
    for draft in intake.drafts:
        text = render(draft, "@tidewater/support")
        key, entry, findings = read(place(draft), text.encode())
        assert (key, findings) == ((draft.kind, draft.name), [])
        assert unsound(place(draft), text) is None
        assert entry is not None
        assert {key: entry.data[key] for key in draft.data} == draft.data


def test_the_kind_can_be_named_where_the_file_does_not_tell(tmp_path: Path) -> None:
    odd = tmp_path / "tools.txt"
    odd.write_bytes((EXAMPLES / FILES["mcp"]).read_bytes())
    assert {draft.kind for draft in take("tools.txt", odd, "mcp", Wishes()).drafts} == {"Tool"}
