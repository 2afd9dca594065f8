"""The texts of commands about releases."""

from mooring.chat.actions.text import Text
from mooring.chat.command import Language
from mooring.rollout.holds import until
from mooring.rollout.logbook import Record
from mooring.state.records.holds import Hold

FROM = Text("From", "从")
TO = Text("To", "到")
HOW = Text("How", "方式")
PHASE = Text("Rollout", "发布状态")
GIT = Text("Git", "Git")
REQUESTS = Text("Requests", "请求")
SWITCH = Text("Switch", "切换用时")
PULL_REQUEST = Text("Pull request", "拉取请求")
LEDGER = Text("Ledger", "台账")

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

NOTHING_LIVE = Text("{environment}: nothing is live", "{environment}：没有在线版本")
LIVE_IS = Text("{environment}: {live} is live", "{environment}：在线版本为 {live}")
UNDER_WAY = Text("{environment}: {live} is live, a rollout is {phase}", "{environment}：在线版本为 {live}，发布{phase}")
LIVE = Text("Live", "在线版本")
IN_SLOT = Text("{what} in {slot}", "{what}（{slot} 槽位）")
PREVIOUS = Text("A rollback goes to", "回滚目标")
SINCE = Text("Since", "上线时间")
WHO = Text("Who", "操作人")
PLAN = Text("Plan", "计划")
LOCK = Text("Lock", "锁定")
LEASE = Text("Lease", "租约")
LEASED = Text("{actor} ({kind})", "{actor}（{kind}）")
QUARANTINED = Text("Quarantined", "已隔离")

NEVER = Text("{environment}: nothing was deployed yet", "{environment}：尚无部署记录")
WHY = Text("{environment}: the last {kind} {outcome}", "{environment}：最近一次{kind}{outcome}")
AT = Text("When", "时间")
TOOK = Text("Took", "用时")
REASON = Text("Reason", "原因")
EVIDENCE = Text("Evidence", "评测证据")
HOTFIX = Text("Hotfix", "热修复")

ASK_LOCK = Text(
    "Lock {environment} against deployments for {minutes} min?", "锁定 {environment}，{minutes} 分钟内禁止部署？"
)
LOCKED = Text("{environment} is locked against deployments", "{environment} 已锁定，暂停部署")
UNTIL = Text("Until", "截止")
UNLOCK = Text("To unlock", "解锁")
ASK_UNLOCK = Text("Let deployments to {environment} in again?", "解除 {environment} 的部署锁定？")
UNLOCKED = Text("Deployments to {environment} are let in again", "{environment} 已恢复部署")
NOT_LOCKED = Text("{environment} is not locked", "{environment} 未锁定")
WAS = Text("It was", "此前")
HELD = Text("by {owner} until {until}", "由 {owner} 设置，至 {until}")
HELD_FOR = Text("by {owner} until {until}: {reason}", "由 {owner} 设置，至 {until}：{reason}")

ASK_APPROVE = Text("Approve plan {plan} for {environment}?", "批准 {environment} 的计划 {plan}？")
APPROVED = Text(
    "Plan {plan} for {environment} has {given} of {needed} approvals",
    "{environment} 的计划 {plan} 已获 {given}/{needed} 个批准",
)
APPROVED_BEFORE = Text(
    "{who} was first: plan {plan} for {environment} has {given} of {needed} approvals",
    "{who} 已先批准：{environment} 的计划 {plan} 已获 {given}/{needed} 个批准",
)
ASKED_BY = Text("Asked by", "申请人")
CHANGES = Text("Changes", "变更")
RISKY = Text("{count}, risk {risk}", "{count} 项，风险 {risk}")
APPROVALS = Text("Approvals", "批准")
OF = Text("{given} of {needed}: {who}", "{given}/{needed}：{who}")
APPROVED_BY = Text("Approved by", "批准人")

_KINDS = {
    "deploy": Text("deployment", "部署"),
    "flip": Text("flip to a warm release", "切换"),
    "rollback": Text("rollback", "回滚"),
    "hotfix": Text("hotfix", "热修复"),
    "return": Text("return to git's release", "恢复到 git 版本"),
}
_OUTCOMES = {
    "done": Text("is done", "已完成"),
    "aborted": Text("was aborted before the switch", "在切换前中止"),
    "taken-back": Text("was taken back after the switch", "在切换后撤回"),
    "kept": Text("failed and stays for want of another release", "失败，但因没有其他版本而保留"),
    "no-op": Text("changed nothing", "未作更改"),
    "under-way": Text("is under way", "进行中"),
}
_HEADING = (
    Text("When", "时间"),
    Text("What", "类型"),
    Text("Release", "版本"),
    Text("Who", "操作人"),
    Text("Outcome", "结果"),
)

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


def kind(name: str, language: Language) -> str:
    """The kind of a rollout."""
    return _KINDS[name](language) if name in _KINDS else name


def outcome(record: Record, language: Language) -> str:
    """How a rollout ended."""
    return _OUTCOMES[record.outcome](language)


def heading(language: Language) -> tuple[str, ...]:
    """The first row of the table of deployments."""
    return tuple(word(language) for word in _HEADING)


def held(hold: Hold, language: Language) -> str:
    """Who has a lock, until when and why."""
    return (HELD_FOR if hold.reason else HELD)(language, owner=hold.owner, until=until(hold), reason=hold.reason)


def say_unlock(environment: str, language: Language) -> str:
    """The command that ends a lock."""
    return f"/部署 解锁 环境 {environment}" if language == "zh-CN" else f"/deploy unlock in {environment}"
