"""The documents of a team that begins with nothing: agents that answer, and where they run."""

from collections.abc import Sequence

from mooring.starter import documents
from mooring.starter.documents import ALTERNATE, PRIMARY, Files
from mooring.starter.template import document

AGENT = "assistant"
ENVIRONMENTS = ("local", "staging", "production")
PROFILE = "standard"
GUARDS = "guards"
EXPORT = "export"
OBJECTIVES = "objectives"
PATROL = "patrol"
CHAT = "chat"
REPOSITORY = "github"
FIRST_PORT = 8420


def minimal(owner: str, agents: Sequence[str], environments: Sequence[str]) -> Files:
    """Everything below the content folders: a complete, valid repository, all of it owned by `owner`."""
    files = documents.rules() | document("Guards", GUARDS, owner) | documents.resilience(PROFILE, owner)
    files |= document("Patrol", PATROL, owner) | document("Chat", CHAT, owner)
    files |= documents.model(PRIMARY, owner) | documents.model(ALTERNATE, owner)
    files |= document("Objectives", OBJECTIVES, owner)
    models = [("L0", PRIMARY), ("L1", ALTERNATE)]
    for name in agents:
        asked = documents.probe(name)
        files |= documents.prompt(name, owner)
        files |= documents.agent(name, owner, prompt=name, models=models, resilience=PROFILE, variables={})
        files |= documents.suite(f"{name}/smoke", owner, asked, smoke=True, ours=True)
        files |= documents.suite(f"{name}/first", owner, asked, smoke=False, ours=True)
    probes = [documents.probe(name) for name in agents]
    for port, name in enumerate(environments, FIRST_PORT):
        exported = EXPORT if documents.tier(name) == "production" else ""
        files |= documents.environment(
            name,
            owner,
            port=port,
            probes=probes,
            export=exported,
            objectives=OBJECTIVES,
            patrol=PATROL,
            chat=CHAT,
        )
        files |= document("Export", EXPORT, owner) if exported else {}
    files |= documents.repository(REPOSITORY, owner, environments)
    return dict(sorted(files.items()))
