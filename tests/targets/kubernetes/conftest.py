"""What operators of an environment in the test cluster have: documents, a namespace with real pods, and commands."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mooring.main import main
from tests.postgres import Cluster
from tests.repository import Repo, copied, surrounded

if TYPE_CHECKING:
    from tests.cluster.control_plane import ControlPlane
    from tests.targets.kubernetes.house import Place


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return copied(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def at_home(
    control_plane: "ControlPlane", cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, repo: Repo
) -> "Iterator[Place]":
    """A namespace with real pods, and the variables with which commands find it."""
    from tests.targets.kubernetes.house import VARIABLE, opened

    folder = tmp_path_factory.mktemp("cluster")
    with (
        surrounded(),
        pytest.MonkeyPatch.context() as patch,
        opened(control_plane, cluster.fresh(), folder, light=False, root=repo.root) as place,
    ):
        patch.setenv(VARIABLE, place.url)
        patch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
        for name in ("MOORING_HOME", "MOORING_STATE", "GITHUB_ACTIONS", "GITHUB_ACTOR"):
            patch.delenv(name, raising=False)
        yield place


@pytest.fixture
def at(repo: Repo, at_home: "Place", capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """A command about the repository; it must end well."""

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        found = main(["-C", str(repo.root), *words, "--json"])
        said = capsys.readouterr()
        assert found == code, (words, said.out[-2000:], said.err[-2000:])
        return json.loads(said.out)

    return run
