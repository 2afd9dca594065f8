"""The adapters that a Chat document connects, with their secrets from the environment."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from mooring.chat.platforms.platform import Adapter
from mooring.errors import UsageError
from mooring.network import is_loopback
from mooring.spec.chat import Chat, Platform

if TYPE_CHECKING:
    from mooring.chat.platforms.discord.adapter import DiscordAdapter

GITHUB_SECONDS = 4.0
"""For one request: people wait for the permission that it asks for."""

Environ = Mapping[str, str]
Door = TypeVar("Door")


def adapters(document: Chat, environ: Environ) -> dict[Platform, Adapter]:
    """One for each platform that is connected. Raises UsageError, which names the variable that is missing."""
    return {name: adapter(document, name, environ) for name in document.platforms}


def adapter(document: Chat, platform: Platform, environ: Environ) -> Adapter:
    """That of a platform that the document connects. UsageError."""
    return MAKERS[platform](document, environ)


def _slack(document: Chat, environ: Environ) -> Adapter:
    from mooring.chat.platforms.slack.adapter import API, HOOKS, SlackAdapter

    door = _door(document, document.slack, "slack")
    return SlackAdapter(
        _secret(door.signing_secret, environ),
        _secret(door.token, environ),
        _address("MOORING_SLACK_API", API, environ),
        _address("MOORING_SLACK_HOOKS", HOOKS, environ),
    )


def _feishu(document: Chat, environ: Environ) -> Adapter:
    from mooring.chat.platforms.feishu.adapter import APIS, FeishuAdapter

    door = _door(document, document.feishu, "feishu")
    if door.encrypt_key is None:
        raise UsageError(
            f"{document.name}: feishu has no encryptKey, without which nothing that it sends is signed",
            "set an Encrypt Key in the app's console, and name its variable by encryptKey",
        )
    return FeishuAdapter(
        door.app_id,
        _secret(door.app_secret, environ),
        _secret(door.verification_token, environ),
        _secret(door.encrypt_key, environ),
        _address("MOORING_FEISHU_API", APIS[door.domain], environ),
    )


def discord(document: Chat, environ: Environ) -> "DiscordAdapter":
    """That of Discord. UsageError."""
    from mooring.chat.platforms.discord.adapter import API, DiscordAdapter

    door = _door(document, document.discord, "discord")
    address = _address("MOORING_DISCORD_API", API, environ)
    return DiscordAdapter(door.application_id, door.public_key, _secret(door.token, environ), address)


def _github(document: Chat, environ: Environ) -> Adapter:
    from mooring.chat.platforms.github.adapter import GitHubAdapter
    from mooring.operate.repository.github import ACTIONS, API, GitHub

    door = _door(document, document.github, "github")
    address = _address("GITHUB_API_URL", API, environ)
    author = environ.get("MOORING_COMMENT_AUTHOR", ACTIONS)
    repository = GitHub(door.repository, _secret(door.token, environ), address, author, GITHUB_SECONDS)
    return GitHubAdapter(repository, _secret(door.webhook_secret, environ))


MAKERS: Mapping[Platform, Callable[[Chat, Environ], Adapter]] = {
    "github": _github,
    "slack": _slack,
    "feishu": _feishu,
    "discord": discord,
}


def _door(document: Chat, found: Door | None, platform: str) -> Door:
    if found is None:
        raise UsageError(f"{document.name} does not connect {platform}", f"add {platform} to it")
    return found


def _secret(reference: str, environ: Environ) -> str:
    name = reference.removeprefix("env:")
    value = environ.get(name, "")
    if not value:
        raise UsageError(f"{name} is not set, which chat needs", f"export {name}=…")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise UsageError(f"{name} holds characters that no secret has", f"set {name} again, without a line end")
    return value


def _address(variable: str, usual: str, environ: Environ) -> str:
    """Another address of an API, for tests and for GitHub's Enterprise Server; a token goes out by TLS alone."""
    address = environ.get(variable, usual).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise UsageError(f"{variable} must begin with https://", f"set {variable} again")
    return address
