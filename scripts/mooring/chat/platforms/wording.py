"""The few words that every platform adds to an answer, in each language."""

from collections.abc import Mapping
from typing import TypedDict

from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Language


class Words(TypedDict):
    """All but `stages` are templates."""

    stages: Mapping[Stage, str]
    by: str
    took: str
    left_out: str
    details: str


WORDS: Mapping[Language, Words] = {
    "en": {
        "stages": {
            Stage.QUEUED: "queued",
            Stage.RUNNING: "running",
            Stage.ASKS: "please confirm",
            Stage.DONE: "done",
            Stage.FAILED: "failed",
            Stage.REFUSED: "refused",
            Stage.ALERT: "alert",
            Stage.RESOLVED: "resolved",
        },
        "by": "by {who}",
        "took": "in {seconds} s",
        "left_out": "… {count} left out",
        "details": "Details",
    },
    "zh-CN": {
        "stages": {
            Stage.QUEUED: "排队中",
            Stage.RUNNING: "执行中",
            Stage.ASKS: "请确认",
            Stage.DONE: "已完成",
            Stage.FAILED: "失败",
            Stage.REFUSED: "已拒绝",
            Stage.ALERT: "告警",
            Stage.RESOLVED: "已恢复",
        },
        "by": "操作人：{who}",
        "took": "用时 {seconds} 秒",
        "left_out": "……省略 {count} 行",
        "details": "查看详情",
    },
}

MARKS: Mapping[Stage, str] = {
    Stage.QUEUED: "…",
    Stage.RUNNING: "▸",
    Stage.ASKS: "?",
    Stage.DONE: "✓",
    Stage.FAILED: "✗",
    Stage.REFUSED: "⊘",
    Stage.ALERT: "!",
    Stage.RESOLVED: "✓",
}

NOTHING = "-"
"""Stands for an empty text, which platforms refuse."""


def footer(answer: Answer) -> str:
    """How far it is, who did it and how long that took: `done · by anna · in 0.8 s`."""
    words = WORDS[answer.language]
    said = [words["stages"][answer.stage]]
    said += [words["by"].format(who=answer.who)] if answer.who else []
    said += [] if answer.seconds is None else [words["took"].format(seconds=f"{answer.seconds:.1f}")]
    return " · ".join(said)


def left_out(answer: Answer, count: int) -> str:
    """That some lines are not shown."""
    return WORDS[answer.language]["left_out"].format(count=count)
