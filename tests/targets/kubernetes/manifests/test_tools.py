"""What Helm and Kustomize make of our files is what a deployment applies."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.rollout.state import Side
from mooring.targets.kubernetes.rendering.chart import helm
from mooring.targets.kubernetes.rendering.plain import Files, kustomize, manifests
from tests import golang
from tests.targets.kubernetes.manifests.conftest import DIGEST, Make
from tests.targets.kubernetes.manifests.test_rendering import FULL
from tests.targets.kubernetes.manifests.tools import TOOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

Run = Callable[..., list[dict[str, Any]]]
SIDE = Side("blue", DIGEST)


@pytest.fixture(scope="module")
def run() -> Run:
    """The objects that a tool prints."""
    try:
        for name in ("helm", "kustomize"):
            TOOLS.find(name)
    except golang.Missing as error:
        pytest.fail(str(error)) if golang.is_needed() else pytest.skip(str(error))

    def called(name: str, *arguments: object) -> list[dict[str, Any]]:
        command = [str(TOOLS.find(name)), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]

    return called


def written(files: Files, folder: Path) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def keyed(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in objects}


def plain(made: Make, target: dict[str, Any]) -> dict[str, dict[str, Any]]:
    texts = manifests(made(**target), SIDE).values()
    return keyed([one for text in texts for one in yaml.safe_load_all(text)])


@pytest.mark.parametrize("target", [{}, FULL], ids=["plain", "full"])
def test_kustomize_builds_what_is_printed(run: Run, made: Make, target: dict[str, Any], tmp_path: Path) -> None:
    folder = written(kustomize(made(**target), SIDE), tmp_path)
    assert keyed(run("kustomize", "build", folder)) == plain(made, target)


@pytest.mark.parametrize("target", [{}, FULL], ids=["plain", "full"])
def test_a_chart_with_its_own_values_is_what_is_printed(
    run: Run, made: Make, target: dict[str, Any], tmp_path: Path
) -> None:
    folder = written(helm(made(**target), SIDE), tmp_path)
    assert keyed(run("helm", "template", "any", folder, "--namespace", "agents")) == plain(made, target)


def test_what_is_chosen_is_where_it_belongs(run: Run, made: Make, tmp_path: Path) -> None:
    folder = written(helm(made(), SIDE), tmp_path)
    release = f"sha256:{'cd' * 32}"
    image = f"registry.example/agents@sha256:{'6f' * 32}"
    resources = json.dumps({"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"memory": "8Gi"}})
    chosen = ["--set", f"image={image},release={release},replicas=7,secret=others,service.port=9000"]
    scaled = ["--set", "autoscaling.enabled=true,autoscaling.most=5,autoscaling.inFlight=3"]
    found = keyed(
        run(
            "helm",
            "template",
            "any",
            folder,
            "--namespace",
            "n",
            *chosen,
            *scaled,
            "--set-json",
            f"resources={resources}",
        )
    )
    deployment, scaler = found["Deployment/production-blue"], found["HorizontalPodAutoscaler/production-blue"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["command"][-1]) == (image, release)
    assert container["resources"] == json.loads(resources)
    assert deployment["metadata"]["labels"]["mooring.dev/release"] == "cd" * 16
    assert "replicas" not in deployment["spec"]
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (7, 7)
    assert [one["type"] for one in scaler["spec"]["metrics"]] == ["Pods", "Resource"]
    assert found["Service/production"]["spec"]["ports"][0]["port"] == 9000
    assert {one["metadata"]["namespace"] for one in found.values()} == {"n"}
    keys = [one["valueFrom"]["secretKeyRef"] for one in container["env"] if "secretKeyRef" in one.get("valueFrom", {})]
    assert {key["name"] for key in keys} == {"others", "production-admin"}
