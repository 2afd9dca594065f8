"""A migrated document says the new data and keeps every word and comment that has nothing to do with it."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from mooring.catalog.editing.retext import CannotEdit, retext, same
from mooring.catalog.parse import parse
from tests.repository import CONTENT

TEXT = """\
# yaml-language-server: $schema=../x
kind: Tool   # what it is

# Why ten: the vendor's gateway cuts at fifteen.
timeoutSeconds: 10  # seconds
description: >-
  Folded text,
  of two lines.
limits:
  # per run
  calls: 5
  bytes: 100
messages:
  - role: system
    content: |
      # not a comment
      Be kind.

      Always.
  # the user's own words
  - {role: user, content: "{{ message }}"}
tags: [a, b]
empty:
"""


def data(text: str) -> dict[str, Any]:
    parsed = parse("x.yaml", text.encode())
    assert parsed.data is not None
    assert parsed.findings == []
    return parsed.data


def edited(text: str, **changes: Any) -> str:
    """The text after top-level keys were set; `...` takes one away."""
    before = data(text)
    after = {key: value for key, value in {**before, **changes}.items() if value is not ...}
    return retext(text, before, after)


def test_a_value_changes_alone_in_its_line():
    assert edited(TEXT, timeoutSeconds=12.5) == TEXT.replace("timeoutSeconds: 10 ", "timeoutSeconds: 12.5 ")


def test_a_renamed_key_keeps_its_value_as_it_was_written():
    before = data(TEXT)
    after = {("summary" if key == "description" else key): value for key, value in before.items()}
    assert retext(TEXT, before, after) == TEXT.replace("description: >-", "summary: >-")


def test_a_key_goes_with_its_line_and_the_rest_stays():
    assert edited(TEXT, timeoutSeconds=...) == TEXT.replace("timeoutSeconds: 10  # seconds\n", "")


def test_a_new_key_comes_behind_the_one_that_it_follows():
    before = data(TEXT)
    after = {}
    for key, value in before.items():
        after[key] = value
        if key == "timeoutSeconds":
            after["retries"] = {"times": 2, "for": ["timeout"]}
    expected = TEXT.replace("# seconds\n", "# seconds\nretries:\n  times: 2\n  for:\n    - timeout\n")
    assert retext(TEXT, before, after) == expected


def test_a_value_that_moves_to_another_mapping_keeps_its_text():
    before = data(TEXT)
    after = copy.deepcopy(before)
    after["limits"]["text"] = after.pop("description")
    moved = "  bytes: 100\n  text: >-\n    Folded text,\n    of two lines.\n"
    without = TEXT.replace("description: >-\n  Folded text,\n  of two lines.\n", "")
    assert retext(TEXT, before, after) == without.replace("  bytes: 100\n", moved)


def test_an_item_is_edited_where_it_stands_and_others_stay():
    before = data(TEXT)
    after = copy.deepcopy(before)
    after["messages"][0]["role"] = "developer"
    after["messages"].append({"role": "user", "content": "one\ntwo"})
    text = retext(TEXT, before, after)
    assert "  - role: developer\n    content: |\n      # not a comment\n" in text
    assert '  # the user\'s own words\n  - {role: user, content: "{{ message }}"}\n  - role: user\n' in text


def test_the_last_line_without_a_line_break_gets_one_before_what_follows():
    assert edited("a: 1", b=2) == "a: 1\nb: 2\n"


def test_line_ends_of_another_system_are_read_again_or_refused():
    text = TEXT.replace("\n", "\r\n")
    assert "timeoutSeconds: 7  # seconds\r\n" in edited(text, timeoutSeconds=7)


def test_a_flow_mapping_is_written_anew_on_its_line():
    assert "tags: [a, c]\n" in edited(TEXT, tags=["a", "c"])


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=12)
texts = st.one_of(words, st.lists(words.map(str.strip), min_size=2, max_size=3).map("\n".join))
leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), texts)
keys = st.from_regex(r"[a-z][a-zA-Z]{0,6}", fullmatch=True)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
documents = st.dictionaries(keys, values, min_size=1, max_size=5)


@pytest.mark.slow
@given(documents, documents, st.booleans())
def test_whatever_changes_the_text_says_the_new_data_and_the_comment_of_what_stays(
    before: dict[str, Any], after: dict[str, Any], flow: bool
) -> None:
    text = yaml.safe_dump(before, sort_keys=False, allow_unicode=True, default_flow_style=None if flow else False)
    text = f"# head\nstays: 1  # for good\n{text}"
    read = parse("", text.encode())
    assume(not read.findings and read.data and same(read.data, {"stays": 1, **before}))  # else YAML 1.1 reads it alone
    new = retext(text, {"stays": 1, **before}, {"stays": 1, **after})
    assert new.startswith("# head\nstays: 1  # for good\n")
    assert same(data(new), {"stays": 1, **after})


def test_every_document_of_the_tests_can_be_edited_at_its_first_key_and_its_last():
    files = sorted(CONTENT.rglob("*.yaml"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        if "apiVersion" not in text:
            continue
        new = edited(text, apiVersion="mooring/v2", added=[1])
        assert new == text.replace("mooring/v1", "mooring/v2", 1).rstrip("\n") + "\nadded:\n  - 1\n", file
    assert len(files) > 20


def test_data_that_yaml_cannot_say_is_no_edit():
    with pytest.raises(CannotEdit):
        retext("a: 1\n", {"a": 1}, {"a": 2**70})
