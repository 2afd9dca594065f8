"""Both languages say the same things, and every refusal has words."""

from string import Formatter

import pytest

from mooring.chat.codes import Code
from mooring.chat.grammar.table import ROWS
from mooring.chat.help import WHAT
from mooring.chat.wording import WORDS
from mooring.spec.chat import COMMANDS


def test_every_code_has_a_sentence() -> None:
    assert set(Code) <= set(WORDS)


@pytest.mark.parametrize("key", WORDS)
def test_both_sentences_need_the_same_facts(key: str) -> None:
    english, chinese = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in WORDS[key])
    assert english == chinese
    assert not any("\u4e00" <= one <= "\u9fff" for one in WORDS[key][0].replace("/部署 状态", "").replace("/帮助", ""))


def test_help_says_of_each_command_what_it_does() -> None:
    assert tuple(WHAT) == COMMANDS
    assert {row.name for row in ROWS} >= set(WHAT)
