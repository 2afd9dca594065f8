"""The texts of commands about agents."""

from mooring.chat.actions.text import Text
from mooring.chat.command import Language

NOTHING = Text("{environment}: no agent is live", "{environment}：没有正在服务的智能体")
ALL_HEALTHY = Text("{environment}: all {all} agents are healthy", "{environment}：{all} 个智能体全部正常")
HEALTHY_OF = Text(
    "{environment}: {healthy} of {all} agents are healthy", "{environment}：{all} 个智能体中 {healthy} 个正常"
)

LIVE = Text("Live", "在线版本")
IN_SLOT = Text("{what} in {slot}", "{what}（{slot} 槽位）")
WORKERS = Text("Workers", "工作进程")
READY = Text("{ready} of {all} ready", "{ready}/{all} 就绪")
IN_FLIGHT = Text("In flight", "处理中")

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
