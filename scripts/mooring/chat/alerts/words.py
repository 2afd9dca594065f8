"""What alerts say, in English and in Chinese."""

from mooring.chat.actions.text import Text

MISSED = Text("{environment}: objective {name} is missed", "{environment}：未达成目标 {name}")
PATROL = {
    "alarm": Text("{environment}: {check} is in alarm", "{environment}：{check} 告警"),
    "unknown": Text("{environment}: {check} cannot be looked at", "{environment}：无法检查 {check}"),
    "warn": Text("{environment}: {check} is near its limit", "{environment}：{check} 接近限值"),
}
DRIFT = Text("{environment} differs from git", "{environment} 与 git 不一致")
LATE = Text("{environment}: the job {job} has not reported for too long", "{environment}：定时任务 {job} 逾期未报告")

ROLLOUT = {
    "deploy": Text("{environment}: deployment of {release} by {actor}", "{environment}：{actor} 部署 {release}"),
    "flip": Text("{environment}: deployment of {release} by {actor}", "{environment}：{actor} 部署 {release}"),
    "rollback": Text("{environment}: rollback to {release} by {actor}", "{environment}：{actor} 回滚到 {release}"),
    "hotfix": Text("{environment}: hotfix by {actor}", "{environment}：{actor} 的热修复"),
    "return": Text("{environment}: the hotfix ends, {actor}", "{environment}：热修复结束，{actor}"),
}
OUTCOME = {
    "under-way": Text("under way", "进行中"),
    "done": Text("done", "已完成"),
    "aborted": Text("aborted; traffic never moved", "已中止，流量未切换"),
    "taken-back": Text("taken back; the release before serves", "已撤回，由之前的版本提供服务"),
    "kept": Text("failed, and serves for want of another", "失败，但没有其他版本可用，仍在服务"),
}
HOLD = {
    "lock": Text(
        "{environment}: the lock of {owner} is over; deployments go out again",
        "{environment}：{owner} 的部署锁已结束，可以部署",
    ),
    "silence": Text(
        "{environment}: the silence of {owner} is over; alerts are told again",
        "{environment}：{owner} 的静默已结束，恢复告警",
    ),
}
APPROVAL = Text(
    "{environment}: plan {plan} by {actor} waits for approval", "{environment}：{actor} 的计划 {plan} 等待审批"
)
APPROVED = Text(
    "{environment}: plan {plan} by {actor} was approved by {by}", "{environment}：{actor} 的计划 {plan} 已由 {by} 批准"
)
STORM = Text("{environment}: {open} of {count} incidents are open", "{environment}：{count} 个告警，{open} 个未恢复")
CALM = Text("{environment}: all of {count} incidents are over", "{environment}：{count} 个告警均已恢复")
TOLD = Text("{what}: {outcome}", "{what}：{outcome}")
OVER = Text("Over: {title}", "已恢复：{title}")

OPEN = Text("open", "未恢复")
RESOLVED = Text("over", "已恢复")

SINCE = Text("Since", "开始时间")
VALUE = Text("Value", "当前值")
TARGET = Text("Promised", "目标")
WINDOW = Text("Measured over", "统计窗口")
BUDGET = Text("Error budget left", "剩余错误预算")
DETAIL = Text("Finding", "检查结果")
FIELDS = Text("Fields", "字段")
REPORTED = Text("Last report", "上次报告")
NEVER = Text("never", "从未")
RELEASE = Text("Release", "版本")
CHANGED = Text("Before → after", "之前 → 之后")
REQUESTS = Text("Requests lost", "丢失请求")
WHY = Text("Why", "原因")
REASON = Text("Reason", "原因")
ENDED_BY = Text("Ended by", "结束者")
ITSELF = Text("its time was over", "到期自动结束")
PLAN = Text("Plan", "计划")
RISK = Text("Risk", "风险")
APPROVALS = Text("Approvals", "审批")
SAY = Text("Or say", "或发送")
APPROVE = Text("Approve", "批准")
