"""The texts of commands about agents."""

from mooring.chat.actions.text import Text
from mooring.chat.command import Language

NOTHING = Text("{environment}: no agent is live", "{environment}：没有正在服务的智能体")
HEALTHY_OF = Text(
    "{environment}: {healthy} of {all} agents healthy", "{environment}：{all} 个智能体中 {healthy} 个正常"
)

LIVE = Text("Live", "在线版本")
IN_SLOT = Text("{what} in {slot}", "{what}（{slot} 槽位）")
WORKERS = Text("Workers", "工作进程")
READY = Text("{ready} of {all} ready", "{ready}/{all} 就绪")
IN_FLIGHT = Text("In flight", "处理中")

BESIDE = Text("Beside it", "同槽位的智能体")
PROCESSES = Text("Processes", "进程")
HOW = Text("How", "方式")
SLOT = Text("Slot", "槽位")
REQUESTS = Text("Requests", "请求")
LOST = Text("{lost:,} of {received:,} lost", "共 {received:,} 个，丢失 {lost:,} 个")
ASK_RESTART = Text(
    "Restart {agent} in {environment}? All of slot {slot} gets new processes",
    "重启 {environment} 的 {agent}？{slot} 槽位的进程将全部更换",
)
SERVES_ON = Text(
    "the old processes serve until the new ones are ready, and finish their requests",
    "旧进程会服务到新进程就绪，并处理完手上的请求",
)
RESTARTING = Text("restarting {slot}", "正在重启 {slot} 槽位")
RESTARTED = Text(
    "{agent} in {environment} was restarted with slot {slot}", "{environment} 的 {agent} 已随 {slot} 槽位重启"
)
LOG = Text(
    "{agent} in {environment}: lines of {slot}, the last {count}",
    "{environment} 的 {agent}：{slot} 最近 {count} 行日志",
)
NO_LOG = Text(
    "{agent} in {environment}: {slot} wrote nothing about it lately",
    "{environment} 的 {agent}：{slot} 近期没有相关日志",
)

RUN = Text("{run} of {agent}: {state}, {seconds} s", "{agent} 的运行 {run}：{state}，{seconds} 秒")
STATUSES = {
    "queued": Text("queued", "排队中"),
    "running": Text("running", "运行中"),
    "awaiting-approval": Text("waiting for an approval", "等待批准"),
    "done": Text("done", "已完成"),
    "failed": Text("failed", "失败"),
}
ERROR = Text("Error", "错误")
ANSWERED = Text("Answered by", "应答层级")
ASKED = Text("Asked", "提问时间")
COMMIT = Text("Commit", "提交")
DEPLOYED = Text("Deployed by", "部署人")
TOOLS = Text("Tools", "工具")
COST = Text("Cost", "费用")
DECIDED = Text("Decided", "审批")
APPROVED = Text("approved", "已批准")
DENIED = Text("denied", "已拒绝")
_TRIES = (Text("Rung", "层级"), Text("Model", "模型"), Text("Outcome", "结果"), Text("Seconds", "秒"))

STATES = {
    "healthy": Text("healthy", "正常"),
    "degraded": Text("degraded", "降级"),
    "down": Text("down", "不可用"),
    "unknown": Text("unknown", "未知"),
}
REASONS = {
    "not-ready": Text("the slot is not ready: {what}", "槽位未就绪：{what}"),
    "breaker": Text("the breaker of {what} is open", "{what} 的熔断器已打开"),
    "canary": Text("its canary fails: {what}", "金丝雀检查失败：{what}"),
    "poor": Text("{what} answers below L2 lately", "近期有 {what} 次回答低于 L2"),
}
BECAUSE = Text("{state}: {reasons}", "{state}：{reasons}")

_HEADING = (
    Text("Agent", "智能体"),
    Text("Slot", "槽位"),
    Text("Health", "健康状况"),
    Text("Rungs lately", "近期应答层级"),
    Text("In flight", "处理中"),
    Text("Last error", "最近错误"),
)


def heading(language: Language) -> tuple[str, ...]:
    """The first row of the table of agents."""
    return tuple(word(language) for word in _HEADING)


def tries(language: Language) -> tuple[str, ...]:
    """The first row of the table of calls of models."""
    return tuple(word(language) for word in _TRIES)
