"""What is answered, as models; they describe it, and a test holds real answers against them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mooring.runtime.core.problems import CODES


class Answer(BaseModel):
    """A JSON object of the server; it has no other fields than these."""

    model_config = ConfigDict(extra="forbid")


class ErrorBody(Answer):
    """What is wrong; `code` is stable, `param` names the field at fault."""

    message: str
    type: Literal["invalid_request_error", "rate_limit_error", "server_error"]
    code: str = Field(json_schema_extra={"enum": [*sorted(CODES)]})
    param: str | None


class Error(Answer):
    """Every error has this shape."""

    error: ErrorBody


class Model(Answer):
    """An agent, as OpenAI clients see it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(Answer):
    """The agents that the caller may call."""

    object: Literal["list"]
    data: list[Model]


class Approval(Answer):
    """A call of a tool that waits until a person approves it."""

    id: str
    tool: str
    arguments: dict[str, Any]


class Written(Answer):
    """How many characters of the answer a rung wrote."""

    rung: str
    characters: int


class Cached(Answer):
    """The age of a saved answer."""

    age_seconds: int


RunStatus = Literal["queued", "running", "awaiting-approval", "done", "failed"]


class Facts(Answer):
    """What OpenAI's objects have no place for."""

    run: str
    status: RunStatus
    rung: str
    simulated: bool
    approvals: list[Approval]
    written: list[Written]
    rescued: int
    cached: Cached | None
    ticket: str | None
    cost_usd: float


class Usage(Answer):
    """Tokens of all model calls of the run."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Message(Answer):
    """What the agent says."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(Answer):
    """There is one."""

    index: Literal[0]
    message: Message
    logprobs: None
    finish_reason: Literal["stop", "length", "content_filter"]


class Completion(Answer):
    """A chat completion."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[Choice]
    usage: Usage
    mooring: Facts


class OutputText(Answer):
    """A text of the agent's."""

    type: Literal["output_text"]
    text: str
    annotations: list[Any]
    logprobs: list[Any]


class InputText(Answer):
    """A text of the user's."""

    type: Literal["input_text"]
    text: str


class MessageItem(Answer):
    """A message of a response or of its input."""

    id: str
    type: Literal["message"]
    role: Literal["user", "assistant"]
    status: Literal["in_progress", "completed"]
    content: list[OutputText | InputText]


class Items(Answer):
    """The input of a response."""

    object: Literal["list"]
    data: list[MessageItem]
    has_more: bool
    first_id: str | None
    last_id: str | None


class Id(Answer):
    """The conversation that the request named."""

    id: str


class ResponseError(Answer):
    """Why the response failed."""

    code: str
    message: str


class Incomplete(Answer):
    """Why the response is incomplete."""

    reason: Literal["max_output_tokens", "content_filter", "approval_required"]


class InputDetails(Answer):
    """Tokens of the input that came from a cache; that is not counted."""

    cached_tokens: int
    cache_write_tokens: int


class OutputDetails(Answer):
    """Tokens of the output that were thoughts; that is not counted."""

    reasoning_tokens: int


class ResponseUsage(Answer):
    """Tokens of all model calls of the run."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: InputDetails
    output_tokens_details: OutputDetails


class ResponseObject(Answer):
    """A response; what the release decides is null or the default."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
    background: bool
    conversation: Id | None
    error: ResponseError | None
    incomplete_details: Incomplete | None
    instructions: None
    max_output_tokens: None
    metadata: dict[str, str]
    model: str
    output: list[MessageItem]
    parallel_tool_calls: bool
    previous_response_id: str | None
    reasoning: dict[str, Any]
    service_tier: None
    store: bool
    temperature: None
    text: dict[str, Any]
    tool_choice: str
    tools: list[Any]
    top_p: None
    truncation: str
    usage: ResponseUsage | None
    user: None
    mooring: Facts


class Deleted(Answer):
    """A response that is gone."""

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class ToolCall(Answer):
    """One call of a tool."""

    name: str
    outcome: str
    seconds: float
    id: str
    key: str
    replayed: bool


class Tokens(Answer):
    """Tokens of all model calls of the run."""

    input_tokens: int
    output_tokens: int


class RunObject(Answer):
    """A run. What is known only once it has done something may be absent before."""

    id: str
    object: Literal["run"]
    agent: str
    status: RunStatus
    release: str
    slot: str
    created_at: float
    updated_at: float
    answer: str | None
    approvals: list[Approval]
    error: ErrorBody | None
    rung: str | None
    simulated: bool = False
    usage: Tokens
    tool_calls: list[ToolCall]
    resumed: int
    cost_usd: float = 0.0
    retries: int = 0
    context_ratio: float = 0.0
    conversation: str | None = None
    languages: list[str] = []
    rescued: int = 0
    written: list[Written] = []
    hedges: int = 0
    cached: Cached | None = None
    ticket: str | None = None
    part: int = 0
    next_try_at: float | None = None


class Ticket(Answer):
    """A question that was answered by an apology at first."""

    id: str
    object: Literal["ticket"]
    agent: str
    status: Literal["queued", "awaiting-approval", "done", "gave-up"]
    answer: str | None
    approvals: list[Approval]
    rung: str | None
    tries: int
    next_try_at: float | None
    created_at: float
    updated_at: float


class Said(Answer):
    """A text of a conversation; `tool` names the tool that was called or answered."""

    role: Literal["user", "assistant", "tool"]
    content: str
    tool: str | None = None
    created_at: float


class ConversationObject(Answer):
    """A conversation with its newest turns."""

    id: str
    object: Literal["conversation"]
    agent: str
    turns: int
    created_at: float
    updated_at: float
    messages: list[Said]


class Health(BaseModel):
    """Whether all is well, and if not, why; what else there is depends on the path and on `verbose`."""

    reasons: list[str] = []


class Description(BaseModel):
    """An OpenAPI document."""

    openapi: Literal["3.1.0"]
