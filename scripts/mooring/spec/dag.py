"""A decision graph for a judge, in the JSON form that deepeval itself writes (`DeepAcyclicGraph.to_dict`).

Keys are deepeval's. Verdicts end in a score or go on to another node; they do not start metrics, which would bring
along models of their own.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from mooring.spec.document import Part

Text = Annotated[str, StringConstraints(min_length=1)]
Field_ = Literal["input", "actual_output", "expected_output", "retrieval_context", "tools_called"]


class _Node(Part):
    model_config = ConfigDict(alias_generator=None)

    label: str | None = None
    evaluation_params: tuple[Field_, ...] | None = None
    children: tuple[str, ...] = Field(min_length=1)


class TaskNode(_Node):
    """Extracts something that its children look at."""

    type: Literal["TaskNode"]
    instructions: Text
    output_label: Text


class JudgementNode(_Node):
    """Asks; `children` are the verdicts: true and false, or texts."""

    type: Literal["BinaryJudgementNode", "NonBinaryJudgementNode"]
    criteria: Text


class Child(Part):
    type: Literal["node"]
    ref: str


class VerdictNode(Part):
    """What an answer leads to: a score of 0 to 10, or a node."""

    type: Literal["VerdictNode"]
    verdict: bool | str
    score: Annotated[int, Field(ge=0, le=10)] | None = None
    child: Child | None = None


class Dag(Part):
    """Nodes by id; roots are those that no other names."""

    nodes: dict[str, Annotated[TaskNode | JudgementNode | VerdictNode, Field(discriminator="type")]] = Field(
        min_length=1
    )
