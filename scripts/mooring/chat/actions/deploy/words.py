"""The texts of commands about releases."""

from mooring.chat.actions.text import Text
from mooring.chat.command import Language

FROM = Text("From", "从")
TO = Text("To", "到")
HOW = Text("How", "方式")
PHASE = Text("Rollout", "发布状态")
GIT = Text("Git", "Git")
REQUESTS = Text("Requests", "请求")
SWITCH = Text("Switch", "切换用时")
LEDGER = Text("Ledger", "账本")

ASK_ROLLBACK = Text("Roll back {environment}: {before} → {after}?", "回滚 {environment}：{before} → {after}？")
FLIP = Text("a flip: it is warm in the other slot", "直接切换：该版本在另一槽位中待命")
COLD = Text("it is started first: no longer warm in the other slot", "需先启动：该版本已不在另一槽位中待命")
UNDONE = Text("the rollout under way ({phase}) is undone", "撤销进行中的发布（{phase}）")
REVERTS = Text("a branch with the revert is written", "会写入一个包含回退提交的分支")
SWITCHING = Text("switching back", "正在切回")
SWITCHED = Text("switched after {seconds} s; writing the revert to git", "{seconds} 秒内已切回，正在向 git 写入回退")
ROLLED_BACK = Text("{environment} is back on {after}", "{environment} 已回滚到 {after}")
LOST = Text("{lost:,} of {received:,} lost", "共 {received:,} 个，丢失 {lost:,} 个")
BRANCH = Text("branch {branch} holds the revert", "回退提交位于分支 {branch}")

PHASES = {
    "idle": Text("idle", "空闲"),
    "staging": Text("staging", "启动中"),
    "probing": Text("probing", "探测中"),
    "switching": Text("switching", "切换中"),
    "baking": Text("baking", "观察中"),
    "reverting": Text("reverting", "撤回中"),
    "retiring": Text("retiring", "收尾中"),
    "aborting": Text("aborting", "中止中"),
}


def phase(name: str, language: Language) -> str:
    """The phase of a rollout."""
    return PHASES[name](language)
