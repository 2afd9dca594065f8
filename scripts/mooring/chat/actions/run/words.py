"""The texts of commands about runs."""

from mooring.chat.actions.agent.words import STATUSES
from mooring.chat.actions.text import Text
from mooring.chat.command import Language

ASK_APPROVE = Text("Let {agent} make these calls, for {run}?", "允许 {agent} 执行以下调用（{run}）？")
ASK_DENY = Text("Keep {agent} from these calls, for {run}?", "拒绝 {agent} 的以下调用（{run}）？")
APPROVING = Text("{run} is approved and goes on", "{run} 已批准，继续运行")
DENYING = Text("{run} is denied and goes on without", "{run} 已拒绝，继续运行")
APPROVED = Text("{run} was approved: {state}", "{run} 已批准：{state}")
DENIED = Text("{run} was denied: {state}", "{run} 已拒绝：{state}")
AGENT = Text("Agent", "智能体")
SINCE = Text("Waits since", "等待开始")
WHO = Text("Who", "操作人")
NOW = Text("Now", "当前状态")


def state(status: str, language: Language) -> str:
    """The status of a run."""
    return STATUSES[status](language) if status in STATUSES else status
