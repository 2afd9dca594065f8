"""What a chat completions client sends, checked as the real endpoint checks it.

Source: OpenAI API reference, "Create chat completion".
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class BadRequest(Exception):
    """The request is refused with 400 and a body that names the parameter."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class _Wire(BaseModel):
    """Parameters nobody simulates are let through unread, as clients send many."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TextPart(_Wire):
    type: Literal["text"]
    text: str


class Function(_Wire):
    name: str
    arguments: str


class ToolCall(_Wire):
    id: str
    type: Literal["function"] = "function"
    function: Function


class Message(_Wire):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[TextPart, ...] | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or ())


class FunctionSpec(_Wire):
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class ToolSpec(_Wire):
    type: Literal["function"]
    function: FunctionSpec


class NamedFunction(_Wire):
    name: str


class NamedTool(_Wire):
    type: Literal["function"]
    function: NamedFunction


class NamedSchema(_Wire):
    name: str
    json_schema: dict[str, Any] = Field(default_factory=dict, alias="schema")


class ResponseFormat(_Wire):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class StreamOptions(_Wire):
    include_usage: bool = False


class ChatRequest(_Wire):
    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool = True
    response_format: ResponseFormat | None = None
    n: int | None = 1
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    mooring_output: dict[str, Any] | None = Field(
        default=None, description="Ours: the schema of the agent's output, for answers that come from no rule."
    )

    @property
    def limit(self) -> int | None:
        """The most tokens an answer may have."""
        return self.max_completion_tokens or self.max_tokens


def check(request: ChatRequest) -> None:
    """Raises BadRequest for what types cannot say; above all, a tool call and its answer belong together."""
    if request.n not in (None, 1):
        raise BadRequest("Only n=1 is simulated.", "n")
    if request.stream_options and not request.stream:
        raise BadRequest("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    choice = request.tool_choice
    if choice not in (None, "none") and not request.tools:
        raise BadRequest("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
    if isinstance(choice, NamedTool) and choice.function.name not in {tool.function.name for tool in request.tools}:
        raise BadRequest(f"Tool choice '{choice.function.name}' not found in 'tools' parameter.", "tool_choice")
    _check_order(request.messages)


def _check_order(messages: tuple[Message, ...]) -> None:
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                raise BadRequest(
                    "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
                    f"messages.[{index}].role",
                )
            open_calls.discard(message.tool_call_id)
            continue
        _refuse_open(open_calls, index)
        open_calls = {call.id for call in message.tool_calls}
    _refuse_open(open_calls, len(messages) - 1)


def _refuse_open(open_calls: set[str], index: int) -> None:
    if open_calls:
        raise BadRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. These did not have response messages: {', '.join(sorted(open_calls))}",
            f"messages.[{index}].role",
        )
