"""The documents a team writes, as frozen models: one module per kind, no I/O."""

from mooring.spec.agent import Agent
from mooring.spec.chat import Chat
from mooring.spec.document import Document
from mooring.spec.drift import Drift
from mooring.spec.drill import Drill
from mooring.spec.environment import Environment
from mooring.spec.export import Export
from mooring.spec.guards import Guards, Override
from mooring.spec.model import Model
from mooring.spec.objectives import Objectives
from mooring.spec.patrol import Patrol
from mooring.spec.prompt import Prompt, PromptPart
from mooring.spec.repository import Repository
from mooring.spec.resilience import Resilience
from mooring.spec.suite import EvalSuite
from mooring.spec.tool import Tool

KINDS: dict[str, type[Document]] = {
    model.__name__: model
    for model in (
        Agent,
        Chat,
        Drift,
        Drill,
        Environment,
        EvalSuite,
        Export,
        Guards,
        Model,
        Objectives,
        Override,
        Patrol,
        Prompt,
        PromptPart,
        Repository,
        Resilience,
        Tool,
    )
}
"""Every kind by the name it has in `kind:`."""

FOLDERS: dict[str, str] = {
    "Agent": "configs/agents",
    "Chat": "configs/operations",
    "Drift": "configs/operations",
    "Drill": "evals/drills",
    "Environment": "configs/environments",
    "EvalSuite": "evals/suites",
    "Export": "configs/operations",
    "Guards": "configs/operations",
    "Model": "configs/models",
    "Objectives": "configs/operations",
    "Override": "configs/overrides",
    "Patrol": "configs/operations",
    "Prompt": "prompts",
    "PromptPart": "prompts/shared",
    "Repository": "configs/operations",
    "Resilience": "configs/resilience",
    "Tool": "configs/tools",
}
"""Where documents of a kind live. A document's name is its path below this folder, without `.yaml`;
a PromptPart's name keeps its `shared/`, since prompts include it by that name."""

__all__ = [
    "FOLDERS",
    "KINDS",
    "Agent",
    "Chat",
    "Document",
    "Drift",
    "Drill",
    "Environment",
    "EvalSuite",
    "Export",
    "Guards",
    "Model",
    "Objectives",
    "Override",
    "Patrol",
    "Prompt",
    "PromptPart",
    "Repository",
    "Resilience",
    "Tool",
]
