"""New documents out of explicit values, each as text by file; whoever calls says what they refer to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.spec.environment import Probe
from mooring.starter.template import document, text, title

Files = dict[str, str]
"""Texts by file, relative to the repository."""

RULES = "evals/simulator/rules.yaml"
QUESTION = "What can you do?"


@dataclass(frozen=True, slots=True)
class Vendor:
    """What a Model document says. `prices` are US dollars per million tokens in and out."""

    provider: str
    id: str
    description: str
    api: str
    url: str
    secret: str | None
    window: int
    prices: tuple[float, float]


PRIMARY, ALTERNATE = "openai/gpt-4-1", "anthropic/claude-sonnet-4-5"
MODELS: Mapping[str, Vendor] = {
    PRIMARY: Vendor(
        provider="openai",
        id="gpt-4.1-2025-04-14",
        description="General model with good tool use.",
        api="openai-chat",
        url="https://api.openai.com/v1",
        secret="OPENAI_API_KEY",  # noqa: S106 - the name of a variable
        window=1_047_576,
        prices=(2.0, 8.0),
    ),
    ALTERNATE: Vendor(
        provider="anthropic",
        id="claude-sonnet-4-5-20250929",
        description="Strong at reasoning over several tools.",
        api="anthropic-messages",
        url="https://api.anthropic.com",
        secret="ANTHROPIC_API_KEY",  # noqa: S106 - the name of a variable
        window=200_000,
        prices=(3.0, 15.0),
    ),
    "local/qwen2-5-3b-instruct": Vendor(
        provider="local",
        id="qwen2.5:3b-instruct-q4_K_M",
        description="Small model on our own machine, for when no vendor can be reached.",
        api="openai-chat",
        url="http://127.0.0.1:11434/v1",
        secret=None,
        window=32_768,
        prices=(0, 0),
    ),
}
"""Models that are known by the name of their document."""


def vendor(name: str) -> Vendor:
    """What is known of a model by its name; what cannot be known, such as the snapshot, is the writer's to correct."""
    if name in MODELS:
        return MODELS[name]
    provider = name.partition("/")[0] if "/" in name else "openai"
    like = next((known for known in MODELS.values() if known.provider == provider), None)
    return Vendor(
        provider=provider,
        id=name.rsplit("/", 1)[-1],
        description=f"The model {title(name)} of {provider}.",
        api=like.api if like else "openai-chat",
        url=like.url if like else f"https://api.{provider}.example/v1",
        secret=like.secret if like else f"{re.sub('[^A-Z0-9]', '_', provider.upper())}_API_KEY".lstrip("_0123456789"),
        window=like.window if like else 128_000,
        prices=(0, 0),
    )


def model(name: str, owner: str) -> Files:
    known = vendor(name)
    return document("Model", name, owner, **{key: getattr(known, key) for key in known.__slots__})


def prompt(name: str, owner: str) -> Files:
    return document("Prompt", name, owner)


def resilience(name: str, owner: str) -> Files:
    return document("Resilience", name, owner)


def agent(
    name: str,
    owner: str,
    *,
    prompt: str,
    models: Sequence[tuple[str, str]],
    resilience: str,
    variables: Mapping[str, Any],
) -> Files:
    """`models` are (rung, name of the model) pairs, the best rung first."""
    return document(
        "Agent", name, owner, prompt=prompt, models=models, resilience=resilience, variables=dict(variables)
    )


def probe(name: str) -> Probe:
    """A question to an agent whose prompt is a starter: it says what it is."""
    words = r"\s+".join(map(re.escape, title(name).split()))
    return Probe(agent=name, say=QUESTION, expect=rf"(?i)\b{words}\b")


def suite(name: str, owner: str, asked: Probe, *, smoke: bool, ours: bool) -> Files:
    """One case, which is the probe; with `ours` also those that a starter prompt in a starter world passes."""
    description = f"The few answers without which {asked.agent} must not go live."
    return document(
        "EvalSuite",
        name,
        owner,
        description=description if smoke else f"What {asked.agent} must say and do.",
        agent=asked.agent,
        smoke=smoke,
        case="says-what-it-is",
        say=asked.say,
        expect=asked.expect,
        guarded=ours,
        admits=ours and not smoke,
    )


def repository(name: str, owner: str, environments: Sequence[str]) -> Files:
    """Settings of the repository; every environment beyond development is protected. One person alone cannot have
    pull requests approved, so only a team must."""
    protected = [(one, tier(one) == "production") for one in environments if tier(one) != "development"]
    return document("Repository", name, owner, team="/" in owner, environments=protected)


def drill(name: str, owner: str, rungs: Sequence[str]) -> Files:
    """An outage of the vendor of the first of `rungs`, or of every service where there is none."""
    description = f"What users notice of {title(name)}."
    return document("Drill", name, owner, description=description, rungs=rungs)


@dataclass(frozen=True, slots=True)
class _Tier:
    """How carefully a release goes out; times in seconds, `warm` in hours."""

    description: str
    deadline: int
    bake: int
    errors: float
    warm: int


TIERS: Mapping[str, _Tier] = {
    "development": _Tier("A developer's machine; nothing costs money.", 60, 2, 0.05, 72),
    "staging": _Tier("A copy of production, in which every release stands first.", 60, 10, 0.05, 72),
    "production": _Tier("What users talk to.", 120, 60, 0.02, 168),
}


def tier(name: str) -> str:
    """The tier that an environment's name says; `development` where it says none."""
    last = name.rsplit("/", 1)[-1]
    if last.startswith("prod") or last == "live":
        return "production"
    return "staging" if last.startswith("stag") else "development"


def environment(
    name: str,
    owner: str,
    *,
    port: int,
    probes: Sequence[Probe],
    services: Sequence[tuple[str, str]] = (),
    drain: float = 180,
    export: str = "",
    objectives: str = "",
    patrol: str = "",
    chat: str = "",
) -> Files:
    """An environment of the agents that `probes` ask; `services` are (name, place) pairs, and `export`, `objectives`,
    `patrol` and `chat` are documents."""
    kind = tier(name)
    careful = TIERS[kind]
    agents = list(dict.fromkeys(probe.agent for probe in probes))
    return document(
        "Environment",
        name,
        owner,
        tier=kind,
        port=port,
        agents=agents,
        probes=probes,
        services=services,
        drain=f"{drain:g}",
        export=export,
        objectives=objectives,
        patrol=patrol,
        chat=chat,
        **{key: getattr(careful, key) for key in careful.__slots__},
    )


def rules() -> Files:
    """The smallest simulated world: rules that answer as a starter prompt tells them to."""
    patterns = {"openai": "^(gpt-|o[0-9])", "anthropic": "^claude-", "local": "."}
    return {RULES: text("rules", vendors=[(one.provider, [one.id], patterns[one.provider]) for one in MODELS.values()])}
