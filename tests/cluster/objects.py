"""Objects of Kubernetes as plain JSON, which is what they are in manifests."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from lightkube.core.dictmixin import DictMixin

Kind = TypeVar("Kind", bound=DictMixin)


def made(kind: type[Kind], content: Mapping[str, Any]) -> Kind:
    return cast(Kind, kind.from_dict(dict(content)))
