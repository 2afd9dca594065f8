"""Cuts the calls that we make out of the full descriptions of GitHub's and Discord's API.

    npm pack @octokit/openapi@23.0.2
    git clone https://github.com/discord/discord-api-spec
    python -m tests.chat.standins.cut github package/generated/api.github.com.json
    python -m tests.chat.standins.cut discord discord-api-spec/specs/openapi.json

Both are under the MIT License. Descriptions and examples are left out, and what we never send; an object has no other
properties than the ones described, so that a misspelt one is found.
"""

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "described"
SCHEMA = "https://json-schema.org/draft/2020-12/schema"

CALLS = {
    "github": (
        "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "GET /repos/{owner}/{repo}/issues/comments",
        "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
        "GET /repos/{owner}/{repo}/collaborators/{username}/permission",
    ),
    "discord": (
        "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original",
        "POST /webhooks/{webhook_id}/{webhook_token}",
        "POST /channels/{channel_id}/messages",
        "PATCH /channels/{channel_id}/messages/{message_id}",
        "PUT /applications/{application_id}/commands",
        "POST /interactions/{interaction_id}/{interaction_token}/callback",
    ),
}
SOURCES = {
    "github": "npm @octokit/openapi@23.0.2, generated/api.github.com.json, MIT",
    "discord": "github.com/discord/discord-api-spec at 74fda0fad044, specs/openapi.json, MIT",
}
UNSENT = (
    *("Container", "File", "MediaGallery", "Section", "Separator", "TextDisplay", "Select", "Poll", "Attachment"),
    *("Emoji", "RichEmbedAuthor", "RichEmbedImage", "RichEmbedThumbnail", "RichEmbedProvider", "RichEmbedVideo"),
    *("BooleanOption", "ChannelOption", "MentionableOption", "NumberOption", "RoleOption", "UserOption", "Theme"),
    *("MessageReference", "SubcommandGroup", "PongInteraction", "ModalInteraction", "LaunchActivity", "Autocomplete"),
    *("ActivityInstance", "ApplicationCommandHandler", "IntegrationType", "SocialLayer"),
)
"""Parts of the names of what we never send."""

DROPPED = {"description", "example", "examples", "externalDocs", "deprecated", "discriminator", "title"}


def cut(api: str, full: dict[str, Any]) -> dict[str, Any]:
    """The calls with the schemas of their bodies and queries, and what these refer to."""
    needed: dict[str, Any] = {}
    calls = {}
    for call in CALLS[api]:
        method, path = call.split(" ")
        described = full["paths"][path]
        operation = described[method.lower()]
        parameters = [_found(full, one) for one in (*described.get("parameters", ()), *operation.get("parameters", ()))]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        calls[call] = {
            "query": {one["name"]: _kept(full, one["schema"], needed) for one in parameters if one["in"] == "query"},
            "path": {one["name"]: _kept(full, one["schema"], needed) for one in parameters if one["in"] == "path"},
            "body": None if body is None else _kept(full, body, needed),
        }
    return {"$schema": SCHEMA, "$comment": SOURCES[api], "calls": calls, "$defs": dict(sorted(needed.items()))}


def _found(full: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = full
    for key in part["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    assert isinstance(found, dict)
    return found


def _kept(full: dict[str, Any], schema: Any, needed: dict[str, Any]) -> Any:
    """A schema without what is dropped, and with references to `needed`."""
    if isinstance(schema, list):
        return [_kept(full, one, needed) for one in schema if not _unsent(one)]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in needed:
            needed[name] = {}
            needed[name] = _kept(full, _found(full, schema), needed)
        return {"$ref": f"#/$defs/{name}"}
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _kept(full, one, needed) for name, one in value.items() if not _unsent(one)}
        elif key not in DROPPED and not key.startswith("x-"):
            kept[key] = _kept(full, value, needed)
    if "properties" in kept:
        kept["additionalProperties"] = False
    return kept


def _unsent(schema: Any) -> bool:
    """Whether a schema is of what we never send, alone or as the only choice beside null."""
    if not isinstance(schema, dict):
        return False
    choices = [one for one in schema.get("oneOf", ()) if one.get("type") != "null"]
    if choices:
        return all(map(_unsent, choices))
    if "items" in schema:
        return _unsent(schema["items"])
    return any(word in schema.get("$ref", "").rsplit("/", 1)[-1] for word in UNSENT)


def main(api: str, file: str) -> None:
    found = cut(api, json.loads(Path(file).read_text(encoding="utf-8")))
    (FOLDER / f"{api}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
