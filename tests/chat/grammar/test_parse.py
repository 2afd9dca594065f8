"""A line is a command letter for letter, or it is none."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.chat.codes import LINE, Code
from mooring.chat.command import Command, Language, Refusal
from mooring.chat.grammar.lookalikes import LIKE
from mooring.chat.grammar.parse import MOST, parse
from mooring.chat.grammar.table import BY_NAME, IN, LANGUAGES, REPLIES, ROWS, Row, written
from mooring.spec.chat import COMMANDS

GIVEN = {
    "id": "support-2",
    "run": "run_0123456789abcdef0123456789abcdef",
    "minutes": "30",
    "reason": "database is moved",
    "plan": "sha256:" + "0a" * 32,
    "code": "abcdefg2",
}


def line(row: Row, language: Language, arguments: dict[str, str]) -> str:
    """As a person writes it."""
    words = [row.words(language)]
    for slot in row.slots:
        if slot.name in arguments:
            value = arguments[slot.name]
            words.append(f'"{value}"' if slot.name == "reason" else value)
    if "environment" in arguments:
        words += [IN[language], arguments["environment"]]
    return " ".join(words)


def every_way(row: Row) -> list[dict[str, str]]:
    """The arguments of a command: none that may be left out, all of them, and with an environment."""
    needed = {slot.name: GIVEN[slot.name] for slot in row.slots if not slot.optional}
    everything = {slot.name: GIVEN[slot.name] for slot in row.slots}
    ways = [needed, everything]
    return ways + [{**way, "environment": "production"} for way in ways] if row.somewhere else ways


CASES = [(row, language, way) for row in ROWS for language in LANGUAGES for way in every_way(row)]


def test_what_documents_may_name_is_what_can_be_said() -> None:
    assert tuple(row.name for row in ROWS if row.name not in REPLIES) == COMMANDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_commands_have_the_same_words(language: Language) -> None:
    assert len({row.words(language) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("row", "language", "arguments"), CASES)
def test_each_command_is_understood_in_both_languages(row: Row, language: Language, arguments: dict[str, str]) -> None:
    said = line(row, language, arguments)
    expected = Command(row.name, arguments, language)
    assert parse(said) == expected
    assert parse(f"{said}  \r\nand what follows is not read /deploy rollback") == expected
    assert parse(said.replace(" ", "  ", 1)) == expected
    assert written(expected) == (said if language == "en" else said.replace('"', "“", 1).replace('"', "”", 1))
    assert (expected.text == said) == (language == "en")


@pytest.mark.parametrize(
    ("said", "code", "usage"),
    [
        ("/deploi rollback", Code.UNKNOWN_COMMAND, "/deploy rollback"),
        ("/deploy rolback", Code.UNKNOWN_COMMAND, "/deploy rollback"),
        ("/agent stauts", Code.UNKNOWN_COMMAND, "/agent status"),
        ("/Agent Status", Code.UNKNOWN_COMMAND, "/agent status"),
        ("/部署 回退", Code.UNKNOWN_COMMAND, "/部署 回滚"),
        ("/帮", Code.UNKNOWN_COMMAND, "/帮助"),
        ("//help", Code.UNKNOWN_COMMAND, "/help"),
        ("/agent restart", Code.MISSING_ARGUMENT, "/agent restart ID"),
        ("/approve", Code.MISSING_ARGUMENT, "/approve RUN"),
        ("/告警 静默", Code.MISSING_ARGUMENT, "/告警 静默 分钟数 [“原因”]"),
        ("/alert silence 0", Code.BAD_ARGUMENT, '/alert silence MINUTES ["REASON"]'),
        ("/alert silence -5", Code.BAD_ARGUMENT, '/alert silence MINUTES ["REASON"]'),
        ("/agent logs ../etc", Code.BAD_ARGUMENT, "/agent logs ID"),
        ("/agent logs Support", Code.BAD_ARGUMENT, "/agent logs ID"),
        (f"/agent logs {'a' * 64}", Code.BAD_ARGUMENT, "/agent logs ID"),
        ("/deploy rollback now", Code.TRAILING_TEXT, "/deploy rollback"),
        ("/deploy rollback please in production", Code.TRAILING_TEXT, "/deploy rollback"),
        ("/deploy rollback in", Code.TRAILING_TEXT, "/deploy rollback"),
        ("/help; rm -rf /", Code.UNKNOWN_COMMAND, "/help"),
        ("/deploy rollback 🙏", Code.TRAILING_TEXT, "/deploy rollback"),
        (f"/help {'x' * MOST}", Code.TOO_LONG, "/help"),
        # Cyrillic, Greek, full width, Roman numeral, mathematical letters, an Arabic digit
        ("/d\u0435ploy rollback", Code.LOOK_ALIKE, "/deploy rollback"),
        ("/\u0501\u0435\u0440l\u043e\u0443 rollback", Code.LOOK_ALIKE, "/deploy rollback"),
        ("/help\u037e", Code.LOOK_ALIKE, "/help"),
        ("\uff0fhelp", Code.LOOK_ALIKE, "/help"),
        ("/\uff48\uff45\uff4c\uff50", Code.LOOK_ALIKE, "/help"),
        ("/agent logs \u0430bc", Code.LOOK_ALIKE, "/agent logs ID"),
        ("/alert silence \u0663\u0660", Code.LOOK_ALIKE, '/alert silence MINUTES ["REASON"]'),
        ("/\u2f0a\u529b help", None, ""),
        # marks of direction, joiners, spaces that are none, controls
        ("/deploy rollback\u200f", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
        ("/deploy \u202ekcabllor", Code.HIDDEN_CHARACTERS, "/deploy lock [MINUTES] [\"REASON\"]"),
        ("/deploy\u00a0rollback", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
        ("/deploy\trollback", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
        ("/dep\u200bloy rollback", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
        ("/\u2066deploy\u2069 rollback", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
        ("\ufeff/help", Code.HIDDEN_CHARACTERS, "/help"),
        ("/部署\u3000回滚", Code.HIDDEN_CHARACTERS, "/部署 回滚"),
        ('/deploy lock 30 "a\u202eb"', Code.HIDDEN_CHARACTERS, '/deploy lock [MINUTES] ["REASON"]'),
        ("/deploy roll\x00back", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
        ("/deploy roll\u0301back", Code.HIDDEN_CHARACTERS, "/deploy rollback"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_command_is_refused_with_the_one_that_was_meant(
    said: str, code: Code | None, usage: str
) -> None:
    found = parse(said)
    if code is None:
        assert found is None
        return
    assert isinstance(found, Refusal)
    assert (found.code, found.nearest) == (code, usage)
    assert usage in found.message
    assert found.language == ("zh-CN" if any("\u4e00" <= one <= "\u9fff" for one in usage) else "en")


@pytest.mark.parametrize(
    "said",
    [
        "", "/", "hello", "agent status", " /agent status", "\n/agent status", "> /deploy rollback",
        "`/deploy rollback`", "/\u0434\u0430", "\u202e/", "http://example.com/agent status",
        "please /deploy rollback", "/usr/bin/env", "/shrug", "/remind me", "/giphy ship it", "/lgtm", "/hello",
    ],
)  # fmt: skip
def test_talk_is_not_for_us(said: str) -> None:
    assert parse(said) is None


@pytest.mark.slow
def test_no_letter_is_ever_taken_for_another_one() -> None:
    for row, language, arguments in CASES:
        said = line(row, language, arguments)
        for index, letter in enumerate(said):
            for other in LIKE.get(letter, ""):
                swapped = f"{said[:index]}{other}{said[index + 1 :]}"
                found = parse(swapped)
                inside = '"' in said[:index] and '"' in said[index:]  # a reason may be in any script
                assert isinstance(found, Command) == inside, swapped


ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    '/ -_:"“”in0123456789\t\r\x00\u200b\u200f\u202e\u00a0\u3000\uff0f',
    "智能体状态重启日志原因部署回滚锁定解批准告警列表静默漂移演练拒绝热修复帮助确认取消环境",
    "".join(LIKE.values()),
    "éßİıſ①²🙂\ud800",
)


def fuzzed(seed: int, number: int) -> list[str]:
    """Lines that are made of commands by some changes, and lines of nothing but their letters."""
    chance = random.Random(seed)
    letters = "".join(ALPHABETS)
    found = []
    for _ in range(number):
        row, language, arguments = chance.choice(CASES)
        said = list(line(row, language, arguments)) if chance.random() < 0.8 else []
        for _ in range(chance.randint(1, 4) if said else chance.randint(1, 30)):
            place = chance.randint(0, len(said))
            match chance.randint(0, 3):
                case 0:
                    said.insert(place, chance.choice(letters))
                case 1 if said:
                    said.pop(min(place, len(said) - 1))
                case 2 if said:
                    said[min(place, len(said) - 1)] = chance.choice(letters)
                case _:
                    said[place:place] = list(chance.choice(["/deploy rollback", " in ", "  ", " now", "\n"]))
        found.append("".join(said))
    return found


@pytest.mark.slow
def test_of_10000_fuzzed_lines_none_crashes_or_is_a_command_by_accident() -> None:
    """What is understood is what was written: the command, written out, is the line again."""
    commands = 0
    for said in fuzzed(20261130, 10_000):
        found = parse(said)
        if isinstance(found, Command):
            commands += 1
            first = said.split("\n")[0].split("\r")[0]
            plain = " ".join(first.replace("“", '"').replace("”", '"').split(" ")).split()
            assert " ".join(plain) == " ".join(line(BY_NAME[found.name], found.language, dict(found.arguments)).split())
        elif found is not None:
            assert found.code in LINE
            assert found.nearest
    assert commands  # some changes change nothing that matters


@given(st.text(max_size=400))
def test_any_text_is_a_command_a_refusal_or_nothing(text: str) -> None:
    parse(text)
    parse(f"/deploy rollback{text}")
