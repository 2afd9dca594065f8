"""The same answer on every platform: the same facts, within its limits, and nothing of others acts as its markup."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from markdown_it import MarkdownIt

from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.discord.embeds import message as embeds
from mooring.chat.platforms.feishu.cards import LARGEST, card, encoded, fenced
from mooring.chat.platforms.github.markdown import code, escaped, markdown
from mooring.chat.platforms.slack.blocks import message as blocks
from mooring.chat.platforms.text import render
from tests.chat.platforms.answers import ASKS, CHINESE, DONE, HOSTILE, LOGS, QUEUED, STATUS, hostile, huge
from tests.chat.standins.standin import complaints, description

MARK = "<!-- mooring chat comment-1 -->"
SHOWN: dict[str, Callable[[Answer], Any]] = {
    "slack": blocks,
    "feishu": card,
    "discord": embeds,
    "github": lambda answer: markdown(answer, MARK),
    "text": render,
}
SCHEMAS = {
    "slack": {"$ref": "#/$defs/response"},
    "feishu": {"$ref": "#/$defs/card"},
    "discord": {"$ref": "#/$defs/MessageCreateRequest"},
    "github": description("github")["calls"]["POST /repos/{owner}/{repo}/issues/{issue_number}/comments"]["body"],
}
ANSWERS = {"status": STATUS, "asks": ASKS, "done": DONE, "queued": QUEUED, "logs": LOGS, "chinese": CHINESE}

every = pytest.mark.parametrize("platform", SHOWN)
described = pytest.mark.parametrize("platform", SCHEMAS)


def texts(data: Any) -> list[str]:
    """Every text in data, without the words of the format itself."""
    if isinstance(data, str):
        return [data]
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
    return [text for value in values for text in texts(value)]


def plain(platform: str, answer: Answer) -> str:
    """What a person reads."""
    read = "\n".join(texts(SHOWN[platform](answer)))
    read = re.sub(r"\\([^\w\s])", r"\1", html.unescape(read))
    return read.replace("\u200b", "")


@described
@pytest.mark.parametrize("answer", [*ANSWERS.values(), hostile(), huge(), Answer(Stage.REFUSED, "")])
def test_what_is_shown_is_as_the_platform_describes_it(platform: str, answer: Answer) -> None:
    shown = SHOWN[platform](answer)
    assert complaints(platform, SCHEMAS[platform], {"body": shown} if platform == "github" else shown) == []


@every
@pytest.mark.parametrize("name", ANSWERS)
def test_every_platform_shows_the_same_facts(platform: str, name: str) -> None:
    answer = ANSWERS[name]
    read = plain(platform, answer)
    wanted = [answer.title, *(text for fact in answer.facts for text in fact), *answer.log, answer.who]
    wanted += [cell for row in answer.table for cell in row]
    assert [text for text in wanted if text and text not in read] == []
    assert (answer.link or "") in read


@every
def test_how_far_it_is_is_said_in_the_answers_language(platform: str) -> None:
    assert "done" in plain(platform, DONE)
    assert "已完成" in plain(platform, CHINESE)
    assert "用时 0.1 秒" in plain(platform, CHINESE)


@pytest.mark.slow
def test_limits_hold_for_an_answer_that_is_huge() -> None:
    shown = embeds(huge())
    (embed,) = shown["embeds"]
    fields = [text for field in embed["fields"] for text in (field["name"], field["value"])]
    assert sum(map(len, [embed["description"], embed.get("footer", {}).get("text", ""), *fields])) <= 6000
    assert len(encoded(card(huge())).encode()) <= LARGEST
    assert len(markdown(huge(), MARK)) <= 65536
    assert sum(map(len, texts(blocks(huge())["blocks"]))) < 13000


@every
def test_of_a_long_log_the_newest_lines_are_shown_and_the_rest_is_counted(platform: str) -> None:
    read = plain(platform, Answer(Stage.DONE, "Log", log=tuple(f"line {number} {'x' * 90}" for number in range(900))))
    assert "line 899 " in read
    if platform != "text":
        assert "line 0 " not in read
        assert re.search(r"… \d+ left out", read)


@every
@pytest.mark.parametrize("character", ["\x1b", "\x00", "\u202e", "\u2066", "\u2028", "\r", "\x07", "\u200e"])
def test_characters_that_act_are_shown_as_escapes(platform: str, character: str) -> None:
    shown = json.dumps(SHOWN[platform](hostile()), ensure_ascii=False)
    assert character not in shown


def test_slack_reads_no_markup_at_all() -> None:
    shown = blocks(hostile())
    kinds = set(re.findall(r'"type": "(\w+)"', json.dumps(shown["blocks"])))
    assert "mrkdwn" not in kinds | {"section", "markdown", "link", "user", "channel", "broadcast"} & kinds
    assert not re.search(r"[<>]", shown["text"])
    assert shown["mrkdwn"] is False


def test_feishu_reads_markup_in_a_fence_alone_and_the_fence_holds() -> None:
    shown = card(hostile())
    markups = [element for element in shown["body"]["elements"] if element["tag"] == "markdown"]
    (content,) = (element["content"] for element in markups)
    inside = content.removeprefix("```\n").removesuffix("\n```")
    assert "``" not in inside
    assert not re.search(r"<[a-zA-Z/!@#]", inside)
    assert "lark_md" not in json.dumps(shown)
    assert fenced("a\n```\nb").count("```") == 2


def test_discord_mentions_nobody_and_the_fences_hold() -> None:
    shown = embeds(hostile())
    assert shown["allowed_mentions"] == {"parse": []}
    description = shown["embeds"][0]["description"]
    outside = re.sub(r"```\n.*?\n```", "", description, flags=re.DOTALL)
    assert outside.strip() == ""
    assert description.count("```") == 4
    for text in [shown["content"].strip("*"), *texts(shown["embeds"][0]["fields"])]:
        bare = re.sub(r"\\.", "", text)
        assert not re.search(r"[`*_~|<>\[\]()#:@]", bare)


def test_nothing_on_github_gets_out_of_its_place_or_names_anybody() -> None:
    """Read by a parser of CommonMark, with GitHub's tables and strikethrough."""
    read = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown(hostile(), MARK))
    inline = [child for token in read for child in token.children or ()]
    assert [token.content for token in read if token.type == "html_block"] == [f"{MARK}\n"]
    assert [token.content for token in inline if token.type == "html_inline"] == ["<sub>", "</sub>"]
    kinds = {token.type for token in (*read, *inline)}
    assert not {"link_open", "image", "heading_open", "blockquote_open", "hr", "em_open", "s_open"} & kinds
    (log,) = (token.content for token in read if token.type == "fence")
    assert len(log.splitlines()) == len([line for text in HOSTILE for line in text.splitlines()])
    assert len([token for token in read if token.type == "tr_open"]) == len(hostile().table)
    assert len([token for token in read if token.type == "list_item_open"]) == len(hostile().facts)
    for token in inline:
        if token.type == "text":
            assert not re.search(r"@\w|#\d|GH-\d|://\w", token.content)


@pytest.mark.parametrize("line", [line for line in HOSTILE if "`" in line] + ["`", "a`b", " x ", "``` `` `"])
def test_a_code_span_holds_whatever_is_in_it(line: str) -> None:
    span = code(line)
    fence = re.match("`+", span)
    assert fence
    assert not re.search(rf"(?<!`){fence[0]}(?!`)", span[len(fence[0]) : -len(fence[0])])


def test_names_of_people_and_issues_are_taken_apart_on_github() -> None:
    for text in ("@anna", "#12", "GH-3", "acme/agents#1", "https://github.com/acme/agents/issues/1", "a@b.example"):
        assert not re.search(r"@\w|#\d|GH-\d|\w/\w|://\w", escaped(text).replace("\\", ""))


@every
def test_a_link_of_another_kind_is_not_shown(platform: str) -> None:
    for link in (
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a b",
        "https://x/)[y](z",
        "//evil.example",
        "https://[x",
    ):
        assert link not in plain(platform, Answer(Stage.DONE, "Done", link=link))
