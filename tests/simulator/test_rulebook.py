"""Rule files: what is refused, and where it stands."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import FindingsError
from mooring.simulator.conversation import Conversation
from mooring.simulator.decide import decide
from mooring.simulator.rulebook import read
from tests.repository import CONTENT

RULES = CONTENT / "evals/simulator"
LAST = "description: last\nrules:\n  - {id: last, reply: {content: {en: Hm.}}}\n"


def refused(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "1-wrong.yaml").write_text(text)
    (tmp_path / "9-last.yaml").write_text(LAST)
    with pytest.raises(FindingsError) as caught:
        read(tmp_path)
    return [f"{Path(finding.file).name}:{finding.line} {finding.message}" for finding in caught.value.findings]


RULE = "description: x\nrules:\n  - id: a\n"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (RULE + "    wen: {}\n    reply: {content: {en: x}}\n", "1-wrong.yaml:4 unknown key 'wen'"),
        (
            RULE + "    when:\n      user: ['(']\n    reply: {content: {en: x}}\n",
            "1-wrong.yaml:5 no regular expression",
        ),
        (RULE + "    reply:\n      content:\n        en: '{{ x'\n", "1-wrong.yaml:6 no template"),
        (RULE + "    when: {test: 'a +'}\n    reply: {content: {en: x}}\n", "1-wrong.yaml:4 no template"),
        (RULE + "    reply: {content: {en: '{{ oder }}'}}\n", "1-wrong.yaml:3 nothing gives the variable 'oder'"),
        (RULE + "    reply: {content: {de: x}}\n", "1-wrong.yaml:4 texts need `en`"),
        (RULE + "    reply: {}\n", "1-wrong.yaml:4 a reply needs `content` or `calls`"),
        (RULE.replace(" a", " last") + "    reply: {content: {en: x}}\n", "9-last.yaml:3 rule 'last' is there already"),
        ("description: x\nterms:\n  late: dayz > 3\n", "1-wrong.yaml:3 nothing gives the variable 'dayz'"),
        ("description: x\nterms:\n  one: two\n  two: user\n", "1-wrong.yaml:3 nothing gives the variable 'two'"),
        ("description: [\n", "1-wrong.yaml:2"),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, finding: str) -> None:
    assert any(found.startswith(finding) for found in refused(tmp_path, text)), refused(tmp_path, text)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "models: 1\nfacts: 2\nrules: 3\n")) == 4


def test_a_book_need_not_match_everything(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(RULE + "    when: {user: [x]}\n    reply: {content: {en: x}}\n")
    book = read(tmp_path)
    assert decide(book, Conversation("m", "", "x", "", {}, {})) is not None
    assert decide(book, Conversation("m", "", "y", "", {}, {})) is None


def test_neither_a_rule_nor_the_folder_need_be_there(tmp_path: Path) -> None:
    assert read(tmp_path).sections == read(tmp_path / "nowhere").sections == ()


def test_templates_cannot_reach_out_of_their_sandbox(tmp_path: Path) -> None:
    text = LAST.replace("Hm.", '"{{ user.__class__.__mro__ }}"')
    (tmp_path / "1.yaml").write_text(text)
    said = Conversation("m", "", "x", "", {}, {})
    with pytest.raises(Exception, match="unsafe"):
        decide(read(tmp_path), said)


BOOK = read(RULES)
PROMPTS = ("", "You are the customer support assistant.", "You are the incident triage assistant.")
RESULTS = st.dictionaries(
    st.sampled_from(["find_order", "refund_order", "search_help", "open_ticket", "query_metrics", "page_human"]),
    st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda v: st.dictionaries(st.text(max_size=8), v)),
)


@given(
    system=st.sampled_from(PROMPTS),
    user=st.text() | st.from_regex(r"(refund|where is|page|status) (A-100\d|checkout|search) ?(error|slow|\d\d days)?"),
    results=RESULTS,
    model=st.sampled_from(["gpt-4.1-2025-04-14", "qwen2.5:3b-instruct-q4_K_M"]),
)
def test_whatever_comes_is_answered(system: str, user: str, results: dict[str, object], model: str) -> None:
    tools: dict[str, dict[str, object]] = {name: {} for name in results}
    decision = decide(BOOK, Conversation(model, system, user, "", tools, results))
    assert decision is not None
    assert decision.content or decision.calls
