"""`/help`: what the one who asks may say here."""

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Command
from mooring.chat.grammar.table import IN, ROWS

WHAT = {
    "agent status": ("agents: slot, rung, health, last error", "智能体：槽位、降级层、健康状况、最近错误"),
    "agent restart": ("restart an agent's slot without losing a request", "重启智能体所在槽位，不丢请求"),
    "agent logs": ("the last lines of its log", "最近的日志"),
    "agent why": ("how an answer came about", "一次回答的来龙去脉"),
    "deploy status": ("what is live, warm and under way", "当前上线、热备与进行中的发布"),
    "deploy why": ("why the last deployment ended as it did", "最近一次发布的结果与原因"),
    "deploy rollback": ("back to the release before, at once", "立即回滚到上一个版本"),
    "deploy lock": ("no deployments for a while", "暂停发布一段时间"),
    "deploy unlock": ("deployments again", "恢复发布"),
    "deploy approve": ("let the plan that waits go out", "批准等待中的发布计划"),
    "alert list": ("what is wrong now", "当前告警"),
    "alert silence": ("no alerts for some minutes", "静默告警若干分钟"),
    "drift": ("what runs against what git says", "运行状态与 git 的差异"),
    "drill rollback": ("try whether a rollback works", "演练回滚"),
    "approve": ("let a run call the tool that it asks for", "批准运行中的工具调用"),
    "deny": ("do not let it", "拒绝工具调用"),
    "hotfix list": ("hotfixes and their ends", "热修复及其到期时间"),
    "help": ("this", "本帮助"),
}
"""In English and in Chinese, by command."""


class Help:
    """A look at the grammar with the eyes of whoever asks."""

    changes = False

    def preview(self, command: Command, context: Context) -> Preview:
        raise NotImplementedError("help changes nothing")

    def run(self, command: Command, context: Context, notify: Notify) -> Answer:
        chinese = context.language != "en"
        allowed = [row for row in ROWS if row.name in WHAT and context.may(row.name)]
        heading = ("命令", "作用") if chinese else ("COMMAND", "WHAT IT DOES")
        rows = [(row.usage(context.language), WHAT[row.name][chinese]) for row in allowed]
        where = f"{IN[context.language]} {'环境名' if chinese else 'ENVIRONMENT'}"
        title = (
            f"{context.person} 在 {context.environment} 可用的命令（末尾可加：{where}）"
            if chinese
            else f"What {context.person} may say to {context.environment}; to another: … {where}"
        )
        return Answer(Stage.DONE, title, table=(heading, *rows), language=context.language)
