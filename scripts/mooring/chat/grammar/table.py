"""The table of commands: the words of each in English and in Chinese, and the arguments that follow them."""

import re
from dataclasses import dataclass

from mooring.chat.command import Command, Language

ID = r"[a-z0-9-]{1,63}"
RUN = r"run_[0-9a-f]{32}|[a-z0-9-]{1,63}"
PLAN = r"(?:sha256:)?[0-9a-f]{6,64}"
MINUTES = r"[1-9][0-9]{0,4}"
CODE = r"[a-z2-7]{8}"
REASON = r'"[^"“”\n]{1,120}"|“[^"“”\n]{1,120}”'

LANGUAGES: tuple[Language, ...] = ("en", "zh-CN")


@dataclass(frozen=True, slots=True)
class Slot:
    """An argument: its name in a Command, its pattern, and what the usage calls it, in English and in Chinese."""

    name: str
    pattern: str
    shown: tuple[str, str]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A command by its English words, which are its name, and its Chinese ones."""

    name: str
    chinese: str
    slots: tuple[Slot, ...] = ()
    somewhere: bool = True
    """Whether it is about an environment, which may be named at its end."""

    def words(self, language: Language) -> str:
        """With the slash."""
        return f"/{self.name if language == 'en' else self.chinese}"

    def usage(self, language: Language) -> str:
        """As help shows it: `/agent logs ID`; what may be left out is in brackets."""
        chinese = language != "en"
        shown = [f"[{slot.shown[chinese]}]" if slot.optional else slot.shown[chinese] for slot in self.slots]
        return " ".join([self.words(language), *shown])

    def pattern(self, language: Language) -> re.Pattern[str]:
        """Matches the whole line; the groups are the arguments."""
        parts = [" +".join(map(re.escape, self.words(language).split(" ")))]
        parts += [f"(?: +(?P<{slot.name}>{slot.pattern})){'?' * slot.optional}" for slot in self.slots]
        if self.somewhere:
            parts.append(f"(?: +{IN[language]} +(?P<environment>{ID}))?")
        return re.compile("".join(parts), re.ASCII)


IN = {"en": "in", "zh-CN": "环境"}
"""Before the environment at a line's end."""

_AGENT = Slot("id", ID, ("ID", "编号"))
_RUN = Slot("run", RUN, ("RUN", "运行编号"))
_MINUTES = Slot("minutes", MINUTES, ("MINUTES", "分钟数"))
_LOCKED = Slot("minutes", MINUTES, ("MINUTES", "分钟数"), optional=True)
_REASON = Slot("reason", REASON, ('"REASON"', "“原因”"), optional=True)
_PLAN = Slot("plan", PLAN, ("PLAN", "计划摘要"), optional=True)
_CODE = Slot("code", CODE, ("CODE", "确认码"))

ROWS = (
    Row("agent status", "智能体 状态"),
    Row("agent restart", "智能体 重启", (_AGENT,)),
    Row("agent logs", "智能体 日志", (_AGENT,)),
    Row("agent why", "智能体 原因", (_RUN,)),
    Row("deploy status", "部署 状态"),
    Row("deploy why", "部署 原因"),
    Row("deploy rollback", "部署 回滚"),
    Row("deploy lock", "部署 锁定", (_LOCKED, _REASON)),
    Row("deploy unlock", "部署 解锁"),
    Row("deploy approve", "部署 批准", (_PLAN,)),
    Row("alert list", "告警 列表"),
    Row("alert silence", "告警 静默", (_MINUTES, _REASON)),
    Row("drift", "漂移"),
    Row("drill rollback", "演练 回滚"),
    Row("approve", "批准", (_RUN,)),
    Row("deny", "拒绝", (_RUN,)),
    Row("hotfix list", "热修复 列表"),
    Row("help", "帮助"),
    Row("confirm", "确认", (_CODE,), somewhere=False),
    Row("cancel", "取消", (_CODE,), somewhere=False),
)


def written(command: Command) -> str:
    """As one says a command in its language."""
    language, row = command.language, BY_NAME[command.name]
    shown = {"environment": f"{IN[language]} {{}}", "reason": '"{}"' if language == "en" else "“{}”"}
    said = [shown.get(name, "{}").format(value) for name, value in command.arguments.items()]
    return " ".join([row.words(language), *said])


REPLIES = ("confirm", "cancel")
"""What answers a question of ours, and is no command of its own. The question says whose answer counts."""

BY_NAME = {row.name: row for row in ROWS}

PATTERNS = tuple((row, language, row.pattern(language)) for row in ROWS for language in LANGUAGES)

FIRST_WORDS = frozenset(row.words(language).split(" ")[0] for row in ROWS for language in LANGUAGES)
"""By which a line is known to be for us: `/agent`."""
