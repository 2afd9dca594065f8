"""What the desk says, in English and in Chinese."""

from mooring.chat.codes import Code
from mooring.chat.command import Language

WORDS: dict[str, tuple[str, str]] = {
    Code.UNKNOWN_COMMAND: ("There is no such command. Did you mean {usage}?", "没有这条命令。您是想用 {usage} 吗？"),
    Code.MISSING_ARGUMENT: ("Something is missing: {usage}", "缺少参数：{usage}"),
    Code.BAD_ARGUMENT: ("An argument is not as it must be: {usage}", "参数格式不对：{usage}"),
    Code.TRAILING_TEXT: ("Nothing may follow the command: {usage}", "命令后面不能再跟其他内容：{usage}"),
    Code.LOOK_ALIKE: (
        "A character only looks like the right one ({character}). Type it again: {usage}",
        "其中有形近字符（{character}）。请重新输入：{usage}",
    ),
    Code.HIDDEN_CHARACTERS: (
        "There is a character that nobody sees ({character}). Type it again: {usage}",
        "其中有不可见字符（{character}）。请重新输入：{usage}",
    ),
    Code.TOO_LONG: ("A command has at most {most} characters: {usage}", "命令最长 {most} 个字符：{usage}"),
    Code.NO_DOCUMENT: (
        "{environment} names no Chat document, so nobody may steer it by chat.",
        "{environment} 没有配置 Chat 文档，不能用聊天操作。",
    ),
    Code.UNKNOWN_PERSON: (
        "You are not among the people of {environment}'s Chat document. Your id here is {caller}.",
        "{environment} 的 Chat 文档中没有您。您在此平台的编号是 {caller}。",
    ),
    Code.UNKNOWN_PERMISSION: (
        "GitHub does not say which permission you have, so nothing is done. Try again.",
        "无法向 GitHub 查询您的权限，未执行任何操作。请重试。",
    ),
    Code.UNKNOWN_ENVIRONMENT: ("There is no environment {environment} here.", "这里没有名为 {environment} 的环境。"),
    Code.FORBIDDEN: (
        "{who}, no role of yours allows {command} in {environment}. /help shows what does.",
        "{who}，您的角色无权在 {environment} 执行 {command}。可用命令见 /帮助。",
    ),
    Code.RATE_LIMITED: (
        "{who}, these were more than {most} commands in a minute. Wait a little.",
        "{who}，一分钟内的命令超过了 {most} 条。请稍候。",
    ),
    Code.UNKNOWN_QUESTION: ("There is no such question here (any more).", "这里没有这个待确认的操作，或者它已失效。"),
    Code.NOT_YOURS: ("Only {who} can answer this.", "只有 {who} 可以确认。"),
    Code.NEEDS_ANOTHER: (
        "This needs a second person: somebody else with the same right confirms it.",
        "此操作需要另一位有权限的人确认。",
    ),
    Code.EXPIRED: (
        "The {seconds} s for a confirmation are over; nothing was done. Say it again.",
        "确认时限（{seconds} 秒）已过，未执行任何操作。请重新发送命令。",
    ),
    Code.ANSWERED: ("{who} was first: {what}.", "{who} 已经处理：{what}。"),
    Code.OUTDATED: (
        "What this would change is no longer what you were shown, so nothing was done. Say it again.",
        "情况已经变化，与确认时所见不同，未执行任何操作。请重新发送命令。",
    ),
    Code.CANCELLED: ("Cancelled by {who}; nothing was done.", "{who} 已取消，未执行任何操作。"),
    Code.UNAVAILABLE: ("{command} cannot be done here.", "这里不能执行 {command}。"),
    Code.NOT_RECORDED: (
        "The ledger cannot be written, so nothing was done: {error}",
        "无法写入台账，未执行任何操作：{error}",
    ),
    Code.LATE: (
        "Nobody listened when this was said, and it was too late afterwards. Nothing was done. Say it again.",
        "消息到达时服务未运行，现已过时，未执行任何操作。请重新发送命令。",
    ),
    Code.INTERRUPTED: (
        "The process that did this ended before it was over. See what became of it: /deploy status",
        "执行过程中进程退出。结果请查看：/部署 状态",
    ),
    "queued": ("{command}: queued", "{command}：已排队"),
    "running": ("{command}: running", "{command}：执行中"),
    "failed": ("{command} failed: {error}", "{command} 失败：{error}"),
    "crashed": ("{command} failed for a reason that is in the log of the door.", "{command} 失败，原因见服务日志。"),
    "a-button": ("What you pressed", "您按下的操作"),
    "fix": ("What to do", "处理办法"),
    "confirm": ("Confirm", "确认"),
    "cancel": ("Cancel", "取消"),
    "within": ("Within", "有效期"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
    "who-confirms": ("Who confirms", "由谁确认"),
    "somebody-else": ("somebody else with the right", "另一位有权限的人"),
    "or-say": ("Or say", "或者回复"),
    "reason": ("Reason", "原因"),
    "was confirmed": ("confirmed", "已确认"),
    "was cancelled": ("cancelled", "已取消"),
}


def say(key: str, language: Language, **facts: str) -> str:
    """A sentence. Facts are put in as they are: adapters escape what their platform would read."""
    return WORDS[key][language != "en"].format(**facts)
