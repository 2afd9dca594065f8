"""What is rendered is valid for kubeconform, strictly, by the schemas of the test cluster's own API server."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main
from mooring.release.content import ReleaseContent
from mooring.rollout.state import Side
from mooring.targets.kubernetes.rendering.chart import helm
from mooring.targets.kubernetes.rendering.plain import kustomize, manifests
from tests import golang
from tests.repository import copied
from tests.targets.kubernetes.declared import declare
from tests.targets.kubernetes.manifests.conftest import DIGEST, TARGET, Make
from tests.targets.kubernetes.manifests.schemas import NAMED, write
from tests.targets.kubernetes.manifests.test_rendering import FULL
from tests.targets.kubernetes.manifests.test_tools import written
from tests.targets.kubernetes.manifests.tools import TOOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

Valid = Callable[[str], Any]
SIDE = Side("green", DIGEST)
TLS = {"certificate": "file:/etc/tls/tls.crt", "key": "file:/etc/tls/tls.key"}
ENVIRONMENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "full": ({}, FULL),
    "changed by commits": ({}, {"apply": {"git": {}}, "autoscaling": {"most": 4}}),
    "simulated, slow to end": (
        {"environment.endpoints": "simulated", "environment.rollout.drainSeconds": 180.5},
        {"resources": {"cpu": "0.5", "memory": "1G"}},
    ),
    "with TLS": ({"environment.serving.tls": TLS}, {}),
}


@pytest.fixture(scope="module")
def tool() -> Callable[..., str]:
    """What a tool prints."""
    try:
        for name in ("kubeconform", "helm", "kustomize"):
            TOOLS.find(name)
    except golang.Missing as error:
        pytest.fail(str(error)) if golang.is_needed() else pytest.skip(str(error))

    def run(name: str, *arguments: object, given: str | None = None, code: int = 0) -> str:
        command = [str(TOOLS.find(name)), *map(str, arguments)]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def schemas(control_plane: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from mooring.targets.kubernetes.api import Api

    folder = tmp_path_factory.mktemp("schemas")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
        api = Api(None, "default")
        answer = api.send("GET", "/openapi/v2")
        api.close()
    assert answer is not None
    assert write(answer.json(), folder) > 100
    return folder


@pytest.fixture(scope="module")
def check(tool: Callable[..., str], schemas: Path) -> Callable[..., list[dict[str, Any]]]:
    """Every object of a text with what kubeconform says of it."""

    def run(text: str, code: int = 0) -> list[dict[str, Any]]:
        how = ("-strict", "-verbose", "-output", "json", "-schema-location", f"{schemas}/{NAMED}")
        said = tool("kubeconform", *how, "-", given=text, code=code)
        found: list[dict[str, Any]] = json.loads(said)["resources"]
        return found

    return run


def valid(found: list[dict[str, Any]]) -> None:
    """All are there, and none was passed over for want of a schema."""
    assert {one["status"] for one in found} == {"statusValid"}, [one for one in found if one["status"] != "statusValid"]
    kinds = {one["kind"] for one in found}
    assert {"Deployment", "NetworkPolicy", "Role", "RoleBinding", "Service", "ServiceAccount"} <= kinds
    assert len(found) >= 11


@pytest.fixture(params=ENVIRONMENTS)
def content(request: pytest.FixtureRequest, made: Make) -> ReleaseContent:
    changes, target = ENVIRONMENTS[request.param]
    return made(changes, **target)


def test_plain_manifests_are_valid(check: Any, content: ReleaseContent) -> None:
    valid(check("---\n".join(manifests(content, SIDE).values())))


def test_what_kustomize_builds_is_valid(check: Any, tool: Any, content: ReleaseContent, tmp_path: Path) -> None:
    valid(check(tool("kustomize", "build", written(kustomize(content, SIDE), tmp_path))))


@pytest.mark.parametrize("scaled", [[], ["--set", "autoscaling.enabled=true,autoscaling.inFlight=3"]])
def test_what_helm_makes_is_valid(
    check: Any, tool: Any, content: ReleaseContent, scaled: list[str], tmp_path: Path
) -> None:
    folder = written(helm(content, SIDE), tmp_path)
    valid(check(tool("helm", "template", "any", folder, "--namespace", "agents", *scaled)))


def test_what_the_command_prints_is_valid(check: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = copied(tmp_path)
    declare(repo, target=TARGET)
    capsys.readouterr()
    assert main(["-C", str(repo.root), "render", "local"]) == 0
    valid(check(capsys.readouterr().out))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("enableServiceLinks: false", "enableServicelinks: false", "enableServicelinks"),
        ("terminationGracePeriodSeconds:", "terminationGracePeriodSeconds: !!str", "terminationGracePeriodSeconds"),
        ("policyTypes: [Ingress]", "policyTypes: Ingress", "policyTypes"),
        ("apiVersion: apps/v1", "apiVersion: apps/v1beta1", "could not find schema"),
    ],
)
def test_what_is_wrong_is_found(check: Any, made: Make, right: str, wrong: str, said: str) -> None:
    text = "---\n".join(manifests(made(), SIDE).values())
    assert right in text
    found = check(text.replace(right, wrong, 1), code=1)
    (bad,) = [one for one in found if one["status"] != "statusValid"]
    assert said in bad["msg"]
