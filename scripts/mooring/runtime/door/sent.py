"""What the models of request bodies share: strict types, and parameters that the release decides."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from mooring.runtime.core.problems import Problem


class Sent(BaseModel):
    """A JSON object of a client. Fields that are not known are ignored, as OpenAI's new ones come every month."""

    model_config = ConfigDict(strict=True)


@dataclass(frozen=True)
class OnlyAs:
    """Annotates a parameter that a client may send only with a value that asks for nothing else than it gets."""

    values: tuple[Any, ...] = ()

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"enum": [None, *self.values], "description": "The release decides; anything else is refused."}

    def allows(self, value: Any) -> bool:
        """Whether a value may be sent."""
        return value is None or value in self.values


def refuse_unsupported(body: BaseModel, prefix: str = "") -> None:
    """Raises Problem when a body asks for what the release decides."""
    for name, field in type(body).model_fields.items():
        value, param = getattr(body, name), f"{prefix}{name}"
        if isinstance(value, BaseModel):
            refuse_unsupported(value, f"{param}.")
        for mark in field.metadata:
            if isinstance(mark, OnlyAs) and not mark.allows(value):
                raise Problem("unsupported_parameter", f"{param} is the release's to decide, not a request's", param)
