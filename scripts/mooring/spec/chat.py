"""Chat: who may say what to an environment, from where, and where alerts go."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mooring.spec.document import Document, Name, Part, SecretRef

PLATFORMS = ("github", "slack", "feishu", "discord")
"""Where people talk, beside the terminal."""

Platform = Literal["github", "slack", "feishu", "discord"]

COMMANDS = (
    "agent status",
    "agent restart",
    "agent logs",
    "agent why",
    "deploy status",
    "deploy why",
    "deploy rollback",
    "deploy lock",
    "deploy unlock",
    "deploy approve",
    "alert list",
    "alert silence",
    "drift",
    "drill rollback",
    "approve",
    "deny",
    "hotfix list",
    "help",
)
"""What can be said, without the slash; the words and arguments are the grammar's."""

ROLLBACK = "deploy rollback"
"""The command that is open to whoever is on call."""

Pattern = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z]+( (\*|[a-z]+))?)$")]
"""A command without its slash and arguments (`deploy rollback`), all of a family (`deploy *`), or all (`*`)."""

Confirm = Literal["none", "self", "other"]
"""Who says yes before a command is carried out: nobody, the same person once more, or somebody else with the right."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@:-]{1,100}$")]
Language = Literal["en", "zh-CN"]


def matches(pattern: str, command: str) -> bool:
    """Whether a pattern means a command: `*`, `deploy *` or `deploy rollback`."""
    return pattern in ("*", command) or (pattern.endswith(" *") and command.startswith(pattern[:-1]))


def confirm_of(confirm: Mapping[str, Confirm], command: str) -> Confirm:
    """Who confirms a change: what the most specific pattern says, and else the same person."""
    keys = (key for key in (command, f"{command.split(' ')[0]} *", "*") if key in confirm)
    return confirm[key] if (key := next(keys, None)) else "self"


class Person(Part):
    """One human being, by the identities that platforms vouch for. `name` is what the ledger says."""

    name: Name
    github: Id | None = Field(default=None, description="The login.")
    slack: Id | None = Field(default=None, description="The member's id, such as U0123ABCD, which names cannot forge.")
    feishu: Id | None = Field(default=None, description="The open_id, such as ou_…, of this app.")
    discord: Id | None = Field(default=None, description="The user's id, a number.")
    roles: tuple[Name, ...] = ()


class Role(Part):
    """Commands by pattern, in some environments or in all. What no role of a person names, is refused."""

    commands: tuple[Pattern, ...] = Field(min_length=1)
    environments: tuple[Name, ...] = Field(default=(), description="Absent: all.")


class Channels(Part):
    """Where alerts go, by severity: the platform's id of a channel, of a chat (Feishu) or of an issue (GitHub)."""

    page: tuple[Id, ...] = ()
    ticket: tuple[Id, ...] = ()
    info: tuple[Id, ...] = ()


class Slack(Part):
    """An app with a slash command, interactivity, and the scope `chat:write`."""

    signing_secret: SecretRef
    token: SecretRef = Field(description="The variable with the bot's token, xoxb-….")
    channels: Channels = Channels()


class Feishu(Part):
    """A custom app with a bot, of Feishu or of Lark."""

    app_id: Id
    app_secret: SecretRef
    verification_token: SecretRef
    encrypt_key: SecretRef | None = Field(default=None, description="Needed: without it events are not signed.")
    domain: Literal["feishu", "lark"] = "feishu"
    channels: Channels = Channels()


class Discord(Part):
    """An application whose interactions endpoint is this door."""

    application_id: Id
    public_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(description="No secret: Ed25519.")
    token: SecretRef = Field(description="The variable with the bot's token.")
    channels: Channels = Channels()


class GitHubDoor(Part):
    """A webhook for comments. What a login may do is asked of the API each time: a member's label proves nothing."""

    repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    webhook_secret: SecretRef
    token: SecretRef
    roles: dict[Literal["read", "triage", "write", "maintain", "admin"], Name] = Field(
        default_factory=dict, description="The role of logins that `people` does not name, by their permission."
    )
    channels: Channels = Channels()


class Caps(Part):
    """How long what is taken by chat lasts at most; it ends by itself, and its end is announced."""

    silence_minutes: int = Field(default=240, ge=1, le=10080)
    lock_minutes: int = Field(default=480, ge=1, le=10080)


class Chat(Document):
    """Commands by chat for the environments that name this document, and alerts to channels."""

    kind: Literal["Chat"]
    language: Language = Field(default="en", description="Of alerts; a command is answered in its own.")
    people: tuple[Person, ...] = ()
    roles: dict[Name, Role] = Field(default_factory=dict)
    on_call: tuple[Name, ...] = Field(
        default=(), description="People to whom `/deploy rollback` is open whatever their roles say."
    )
    confirm: dict[Pattern, Confirm] = Field(
        default_factory=dict,
        description="Instead of what is usual: whatever changes something is confirmed by the same person.",
    )
    confirm_seconds: int = Field(default=60, ge=10, le=600)
    per_minute: int = Field(default=20, ge=1, le=600, description="Commands of one person.")
    caps: Caps = Caps()
    github: GitHubDoor | None = None
    slack: Slack | None = None
    feishu: Feishu | None = None
    discord: Discord | None = None

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """Those that are connected."""
        connected: tuple[Platform, ...] = ("github", "slack", "feishu", "discord")
        return tuple(name for name in connected if getattr(self, name) is not None)

    @property
    def variables(self) -> tuple[str, ...]:
        """Environment variables with what the connected platforms need."""
        parts = [getattr(self, name) for name in self.platforms]
        values = (getattr(part, name) for part in parts for name in type(part).model_fields)
        return tuple(one.removeprefix("env:") for one in values if isinstance(one, str) and one.startswith("env:"))
