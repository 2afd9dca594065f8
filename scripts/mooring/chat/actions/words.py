"""The texts of commands that are a family by themselves: drift, drills, hotfixes."""

from mooring.chat.actions.text import Text
from mooring.chat.command import Language

NO_DRIFT = Text("{environment}: in sync with {ref}", "{environment}：与 {ref} 一致")
DRIFT = Text(
    "{environment}: differences: {count}, not tolerated: {open}", "{environment}：{count} 处差异，其中 {open} 处未豁免"
)
DRIFT_ELSEWHERE = Text(
    "{environment}: no git at this door; by the last look, differences: {count}",
    "{environment}：此处没有 git 仓库；上次检查时 {count} 处差异",
)
NEVER_LOOKED = Text(
    "{environment}: no git at this door, and nobody has looked for drift yet",
    "{environment}：此处没有 git 仓库，也没有人检查过差异",
)
LOOKED = Text("Looked", "检查时间")
DRIFT_UNKNOWN = Text("{environment}: not everything could be asked", "{environment}：部分信息无法获取")
DEPLOYED = Text("Deployed", "已部署版本")
UNKNOWN = Text("Unknown", "未知")
JUST_NOW = Text("now", "刚刚")
ANSWERS = {
    "heal": Text("is healed", "自动修复"),
    "adopt": Text("is proposed to git", "提交到 git"),
    "report": Text("is reported", "报告"),
    "tolerate": Text("is tolerated", "豁免"),
}
_DRIFT = (Text("What", "内容"), Text("Who", "操作人"), Text("Since", "开始"), Text("Answer", "处理"))

ASK_DRILL = Text("Drill a rollback with a copy of {environment}?", "用 {environment} 的副本演练回滚？")
HOW = Text("How", "方式")
COPY = Text(
    "a copy with simulated vendors is started on this machine, loaded and broken; nothing that serves is touched",
    "在本机启动一个使用模拟供应商的副本，加压并注入故障；不影响线上服务",
)
DRILLING = Text("starting a copy of {environment}", "正在启动 {environment} 的副本")
DRILLED = Text("Drill of {environment}: {result}; {said}", "{environment} 演练：{result}；{said}")
RESULTS = {
    "held": Text("the promises held", "全部达标"),
    "broken": Text("a promise was broken", "未达标"),
    "inconclusive": Text("inconclusive", "无法判定"),
}
KEPT = {
    "held": Text("held", "达标"),
    "broken": Text("broken", "未达标"),
    "inconclusive": Text("inconclusive", "无法判定"),
}
LEDGER = Text("Ledger", "台账")
_DRILL = (Text("What", "项目"), Text("Promised", "承诺"), Text("Seen", "实际"), Text("Result", "结果"))

HOTFIXES = Text("{environment}: hotfixes in force: {count}", "{environment}：{count} 个热修复生效中")
NO_HOTFIX = Text(
    "{environment}: no hotfix, what runs is git's release", "{environment}：没有热修复，运行的是 git 中的版本"
)
_HOTFIX = (
    Text("Document", "文档"),
    Text("Values", "值"),
    Text("Who", "操作人"),
    Text("Why", "原因"),
    Text("Until", "截止"),
)


def drift_heading(language: Language) -> tuple[str, ...]:
    """The first row of the table of differences."""
    return tuple(word(language) for word in _DRIFT)


def drill_heading(language: Language) -> tuple[str, ...]:
    """The first row of the table of promises."""
    return tuple(word(language) for word in _DRILL)


def hotfix_heading(language: Language) -> tuple[str, ...]:
    """The first row of the table of hotfixes."""
    return tuple(word(language) for word in _HOTFIX)
