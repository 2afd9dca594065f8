"""A small release: four agents, two tools, three models and one impatient profile."""

from collections.abc import Mapping
from typing import Any

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.spec.endpoints import Endpoints


def sample(endpoints: Endpoints = "simulated", **profile: Any) -> Release:
    """The release; keyword arguments are merged, deeply, into the resilience profile."""
    return Release.of(ReleaseContent.model_validate(_content(endpoints, profile)))


def _head(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "mooring/v1",
        "kind": kind,
        "name": name,
        "version": "1.0.0",
        "description": f"{kind} {name}",
        "owner": "@tidewater/support",
    }


def _model(name: str, provider: str, price: float) -> dict[str, Any]:
    return _head("Model", name) | {
        "provider": provider,
        "id": f"{name}-1",
        "apiType": "openai-chat",
        "baseUrl": "https://models.invalid/v1",
        "secretRef": f"env:{name.upper()}_KEY",
        "contextWindow": 8000,
        "prices": {"inputPerMillion": price, "outputPerMillion": price * 4},
    }


def _tool(name: str, method: str, path: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    reads = method == "GET"
    hints = {"readOnlyHint": reads, "destructiveHint": False, "idempotentHint": reads, "openWorldHint": False}
    return (
        _head("Tool", name)
        | {
            "inputSchema": {"type": "object", "properties": properties, "required": list(properties)[:1]},
            "outputSchema": {"type": "object"},
            "annotations": hints,
            "bind": {"type": "http", "service": "shop", "method": method, "path": path},
            "timeoutSeconds": 1,
        }
        | more
    )


def _agent(name: str, prompt: str, tools: list[str], **more: Any) -> dict[str, Any]:
    models = {"L0": "primary", "L1": "alternate", "L2": "small"}
    given = {"prompt": prompt, "tools": tools, "models": models, "resilience": "quick"}
    return _head("Agent", name) | given | {"variables": {"shop": "Tidewater"}} | more


def _prompt(name: str, *messages: tuple[str, str]) -> dict[str, Any]:
    text = {"type": "string"}
    properties = {
        "message": text | {"x-untrusted": True, "maxLength": 2000},
        "shop": text,
        "page": text | {"x-untrusted": True},
    }
    return {
        "name": name,
        "version": "1.0.0",
        "owner": "@tidewater/support",
        "input": {"type": "object", "properties": properties, "required": ["message", "shop"]},
        "output": None,
        "messages": [{"role": role, "content": content} for role, content in messages],
        "parts": {},
    }


_PROFILE = {
    "deadlineSeconds": 8,
    "checkpoint": {"mode": "off"},
    "retry": {"tries": 2, "baseSeconds": 0.01, "capSeconds": 0.5, "jitterRate": 0.5, "maxShare": None},
    "breaker": {"consecutiveFailures": 3, "openSeconds": 0.2},
    "ladder": {
        "rungs": {
            "L0": {"timeoutSeconds": 1},
            "L1": {"tries": 2, "timeoutSeconds": 1},
            "L2": {"tries": 1, "timeoutSeconds": 1},
        },
        "apology": {"en": "Sorry.", "de": "Entschuldigung."},
    },
}


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    nested = {name: _merged(base[name], value) for name, value in more.items() if isinstance(base.get(name), dict)}
    return {**base, **more, **nested}


def limits(seconds: float) -> dict[str, Any]:
    """A ladder whose rungs each have so many seconds for a try."""
    return {"rungs": {rung: {"timeoutSeconds": seconds} for rung in ("L0", "L1", "L2")}}


def _content(endpoints: Endpoints, profile: Mapping[str, Any]) -> dict[str, Any]:
    listed = {
        "agents": [
            _agent("support", "support", ["find-order", "refund-order"]),
            _agent("page", "page", []),
            _agent("json", "support", [], output={"type": "json", "schema": {"required": ["ok"]}}),
            _agent("bounded", "support", ["find-order"], limits={"maxModelCalls": 3}),
        ],
        "prompts": [
            _prompt("support", ("system", "You serve {{ shop }}."), ("user", "Customer: {{ message }}")),
            _prompt("page", ("user", "On {{ page }}"), ("assistant", "I see."), ("user", "{{ message }}")),
        ],
        "tools": [
            _tool("find-order", "GET", "/orders/{order}", {"order": {"type": "string"}, "full": {"type": "boolean"}}),
            _tool(
                "refund-order",
                "POST",
                "/orders/{order}/refund",
                {"order": {"type": "string"}, "cents": {"type": "integer"}},
                approval="human",
                idempotencyKey="refund-{order}",
                maxCallsPerRun=1,
            ),
        ],
        "models": [_model("primary", "one", 10), _model("alternate", "two", 5), _model("small", "own", 0)],
        "resilience": [_merged(_head("Resilience", "quick") | _PROFILE, profile)],
    }
    named = {group: {item["name"]: item for item in items} for group, items in listed.items()}
    return {"environment": _environment(endpoints, list(named["agents"])), "guards": {}} | named


def _environment(endpoints: Endpoints, agents: list[str]) -> dict[str, Any]:
    return _head("Environment", "local") | {
        "tier": "development",
        "target": {"type": "local", "listen": "127.0.0.1:0"},
        "endpoints": endpoints,
        "services": {"shop": "simulated"},
        "agents": agents,
        "rollout": {"probes": [{"agent": "support", "say": "hi", "expect": "."}]},
    }


def called_at(release: Release, url: str) -> Release:
    """The release with all of its models at one address."""
    models = {name: each.model_copy(update={"base_url": f"{url}/v1"}) for name, each in release.content.models.items()}
    return Release.of(release.content.model_copy(update={"models": models}))
