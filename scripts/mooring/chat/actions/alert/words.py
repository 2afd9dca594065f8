"""The texts of commands about alerts."""

from mooring.chat.actions.text import Text
from mooring.chat.command import Language
from mooring.rollout.holds import until
from mooring.state.records.holds import Hold

ASK_SILENCE = Text(
    "Silence the alerts of {environment} for {minutes} min?", "将 {environment} 的告警静默 {minutes} 分钟？"
)
SILENCED = Text("The alerts of {environment} are silent for {minutes} min", "{environment} 的告警已静默 {minutes} 分钟")
FIRING = Text("{environment}: alerts: {count}", "{environment}：{count} 条告警")
CALM = Text("{environment}: no alerts", "{environment}：没有告警")
WHERE = Text("Where", "位置")
HERE = Text("this environment alone: no Alertmanager is named", "仅限本环境：未配置 Alertmanager")
REASON = Text("Reason", "原因")
WHO = Text("Who", "操作人")
UNTIL = Text("Until", "截止")
SILENT = Text("Silent", "静默")
HELD = Text("by {owner} until {until}", "由 {owner} 设置，至 {until}")
HELD_FOR = Text("by {owner} until {until}: {reason}", "由 {owner} 设置，至 {until}：{reason}")
MISSED = Text("{value}, {target} is promised", "{value}，目标为 {target}")
TOLD = Text("told", "已通知")
NOT_TOLD = Text("silenced", "已静默")
_HEADING = (
    Text("Severity", "级别"),
    Text("Alert", "告警"),
    Text("What", "内容"),
    Text("Since", "开始"),
    Text("Told", "通知"),
)


def heading(language: Language) -> tuple[str, ...]:
    """The first row of the table of alerts."""
    return tuple(word(language) for word in _HEADING)


def held(hold: Hold, language: Language) -> str:
    """Who silenced it, until when and why."""
    return (HELD_FOR if hold.reason else HELD)(language, owner=hold.owner, until=until(hold), reason=hold.reason)
