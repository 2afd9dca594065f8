"""The base of everything that is put around a model."""

from typing import Any

from pydantic_ai.models import Model
from pydantic_ai.models.wrapper import WrapperModel


class Layer(WrapperModel):
    """Passes calls on.

    pydantic-ai wraps the methods of every subclass of Model, to limit downloads of files and to clean what a model
    wrote. The model inside does that; done again by each layer, it costs a call more than all layers together.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super(Model, cls).__init_subclass__(**options)
