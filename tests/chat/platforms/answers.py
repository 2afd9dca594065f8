"""Answers that tests show on every platform, and what somebody may write into one."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from mooring.chat.answer import Answer, Button, Stage

NOW = 1_800_000_000.0

T = TypeVar("T")

QUEUED = Answer(Stage.QUEUED, "/deploy rollback: queued")
RUNNING = Answer(Stage.RUNNING, "/deploy rollback: running", log=("switching to green",))
ASKS = Answer(
    Stage.ASKS,
    "Roll back production",
    facts=(("Release", "4f1c22aa9e01 → 9e01b7c3d522"), ("Slot", "blue → green"), ("Within", "60 s")),
    buttons=(Button("Confirm", "yes.dG9rZW4tb2YtYS1xdWVzdGlvbg", danger=True), Button("Cancel", "no.dG9rZW4")),
    who="anna",
)
DONE = Answer(
    Stage.DONE,
    "Rolled back production",
    facts=(("Release", "4f1c22aa9e01 → 9e01b7c3d522"), ("Slot", "blue → green"), ("Lost", "0 of 1,204 requests")),
    link="https://github.com/acme/agents/actions/runs/1",
    who="anna",
    seconds=0.84,
)
STATUS = Answer(
    Stage.DONE,
    "3 agents in production: 2 healthy",
    facts=(("Release", "9e01b7c3d522"), ("In flight", "4")),
    table=(
        ("AGENT", "SLOT", "RUNG", "HEALTH", "LAST ERROR"),
        ("concierge", "green", "L0", "ready", ""),
        ("billing-desk", "green", "L1", "ready", "HTTP 529 of the first model"),
        ("night-shift", "green", "L3", "degraded", "no model answers"),
    ),
    who="anna",
    seconds=0.1,
)
CHINESE = Answer(
    Stage.DONE,
    "production 的 2 个智能体",
    facts=(("发布", "9e01b7c3d522"),),
    table=(("智能体", "槽位", "健康状况"), ("concierge", "绿", "就绪"), ("夜班", "绿", "降级")),
    log=("2026-11-30 12:00:00 就绪",),
    who="anna",
    seconds=0.1,
    language="zh-CN",
)
LOGS = Answer(
    Stage.DONE,
    "Log of concierge",
    log=tuple(f"2026-11-30T12:00:{second:02}Z INFO run_{second:032x} answered in 812 ms" for second in range(12)),
    who="anna",
    seconds=0.2,
)

HOSTILE = (
    "```",
    "``` ``` ````````",
    "</pre></code><script>alert(1)</script>",
    "<!channel> <@U0ANNA> <https://evil.example|click> <!here>",
    '<at id=all></at> <at user_id="all">all</at>',
    "@everyone @here <@790000000000000003> <#790000000000000002> </agent restart:1>",
    "@acme/owners @anna #1 GH-1 acme/agents#1 https://github.com/acme/agents/issues/1",
    "[click](https://evil.example) ![x](https://evil.example/x.png) <img src=x>",
    "**bold** _it_ ~~gone~~ ||spoiler|| # head > quote | cell |",
    "- [x] done\n\n# Approved by everybody\n<!-- mooring chat comment-1 -->",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07x \r overwritten \x00",
    "\u202eexe.gpj \u2066\u2069\u200b\u200e",
    "\u2028second line\u2029third",
)
"""Lines that would do something if they were read as the platform's markup."""


def hostile() -> Answer:
    """All of it in every place of an answer."""
    everything = " ".join(HOSTILE)
    return Answer(
        Stage.DONE,
        everything[:190],
        facts=tuple((line[:20], line) for line in HOSTILE),
        table=(("AGENT", "STATE"), *((line, line) for line in HOSTILE)),
        log=HOSTILE,
        buttons=(Button(HOSTILE[0], "yes.token"),),
        who=HOSTILE[5],
        seconds=1.0,
    )


def huge() -> Answer:
    """More than any platform takes, in two bytes and more a character."""
    return Answer(
        Stage.FAILED,
        "很长" * 500,
        facts=tuple((f"事实 {number}", "值" * 2000) for number in range(100)),
        table=(("甲", "乙"), *((f"行 {number}", "格" * 500) for number in range(1000))),
        log=tuple(f"第 {number} 行 {'日志' * 100}" for number in range(2000)),
        buttons=tuple(Button(f"按钮 {number}", f"say.{number}") for number in range(8)),
        language="zh-CN",
    )


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)
