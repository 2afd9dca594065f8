"""What reviewers read: the same bytes for the same release, and nothing secret."""

from typing import Any

import pytest
import yaml

from mooring.release.release import Release
from mooring.rollout.state import Side
from mooring.targets.kubernetes.manifests.slot import slot
from mooring.targets.kubernetes.rendering import plain, render, text
from tests.targets.kubernetes.manifests.conftest import DIGEST, Make

FULL = {
    "autoscaling": {"most": 20, "cpu": 0.6, "in_flight": 8},
    "pull_secret": "registry",
    "admin_source_ranges": ["10.0.0.0/28", "fd00::/64"],
    "port": 8080,
    "resources": {"cpu": "2", "memory": "1Gi"},
}


@pytest.mark.parametrize("form", ["manifests", "kustomize", "helm"])
@pytest.mark.parametrize(("name", "target"), [("plain", {}), ("full", FULL)])
def test_a_file_is_what_it_was(made: Make, golden: Any, form: str, name: str, target: dict[str, Any]) -> None:
    files = render.FORMATS[form](made(**target), Side("blue", DIGEST))
    golden(f"manifests/{name}-{form}.yaml", "".join(f"# {path}\n{body}" for path, body in files.items()))


def test_the_text_says_what_the_objects_say(made: Make) -> None:
    objects = plain.grouped(made(**FULL), Side("blue", DIGEST))
    for path, body in plain.manifests(made(**FULL), Side("blue", DIGEST)).items():
        assert list(yaml.safe_load_all(body)) == objects[path]


def test_a_base_holds_every_file(made: Make) -> None:
    files = plain.kustomize(made(), Side("green", DIGEST))
    assert yaml.safe_load(files.pop("kustomization.yaml"))["resources"] == list(files)
    assert "green.yaml" in files


@pytest.mark.parametrize(
    "value",
    ["80", "true", "no", "1e3", "", " x", "a: b", "# a", "{{x}}", "two\nlines", "äöü", None, True, 0.5, [], {}, "0x1f"],
)
def test_every_value_is_read_back_as_it_was(value: Any) -> None:
    whole = {"a": value, "b": [value, {"c": value, "d": [value]}]}
    said = {"a": "why", "b": "two\nlines", "b.0": "an item", "b.*.c": "in an item"}
    written = text.document(whole, said)
    assert yaml.safe_load(written) == whole
    assert written.count("#") >= 4


def test_a_release_is_rendered_by_its_own_digest(made: Make) -> None:
    release = Release.of(made())
    files = render.render(release, "manifests", "blue")
    assert release.digest in files["blue.yaml"]
    assert list(yaml.safe_load_all(files["blue.yaml"])) == slot(made(), "blue", release.digest, 3)
