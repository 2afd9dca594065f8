"""A real API server takes what is rendered, key by key, and does not take what has a key that it does not know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import Failed
from mooring.targets.kubernetes import kinds
from mooring.targets.kubernetes.api import APPLY, Api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

GOLDEN = Path(__file__).parents[3] / "golden/manifests"
STRICTLY = {"fieldManager": "test", "dryRun": "All", "fieldValidation": "Strict"}


@pytest.fixture
def api(control_plane: Any, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    found = Api(None, namespace)
    yield found
    found.close()


def objects(name: str, namespace: str) -> list[dict[str, Any]]:
    """Those of a golden file, in which files follow each other with their names as comments."""
    text = (GOLDEN / name).read_text(encoding="utf-8").replace("\n# Rendered by", "\n---\n# Rendered by")
    found = [one for one in yaml.safe_load_all(text) if one]
    for one in found:
        one["metadata"]["namespace"] = namespace
        for subject in one.get("subjects", ()):
            subject["namespace"] = namespace
    return found


def tried(api: Api, one: dict[str, Any]) -> None:
    path = kinds.path(api.namespace, one["kind"], one["metadata"]["name"])
    api.send("PATCH", path, one, STRICTLY, content=APPLY)


@pytest.mark.parametrize("name", ["plain", "full"])
def test_the_api_server_takes_every_object(api: Api, name: str) -> None:
    found = objects(f"{name}-manifests.yaml", api.namespace)
    assert len(found) > 10
    for one in found:
        tried(api, one)


def test_a_key_that_it_does_not_know_is_refused(api: Api) -> None:
    found = objects("plain-manifests.yaml", api.namespace)
    (one,) = (one for one in found if (one["kind"], one["metadata"]["name"]) == ("Deployment", "production-blue"))
    one["spec"]["template"]["spec"]["enableServicelinks"] = False
    with pytest.raises(Failed, match="enableServicelinks"):
        tried(api, one)
