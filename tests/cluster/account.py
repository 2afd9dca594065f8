"""Service accounts in containers: the token lies where every client of Kubernetes looks for it, and nowhere else.

That path is fixed in all clients, so no other can be told to them. A container that mounts it runs in a mount namespace
of its own, which has the mounted folder there: as root, or in a user namespace. On a machine that allows neither, such
as Ubuntu's default for ordinary users, the variable KUBECONFIG names a file beside the container that says the same:
the mounted token, and the mounted certificate.

Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import yaml

CONTEXT = "tests"
FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"

SCRIPT = """
set -e
path=$PATH PATH=/usr/sbin:/usr/bin:/sbin:/bin
run=$(readlink -f /var/run)
mount --rbind "$run" "$2"
mount -t tmpfs -o mode=755 tmpfs "$run"
for each in "$2"/*; do
  [ "$each" = "$2/secrets" ] || ln -s "$each" "$run/"
done
mkdir -p "$run/secrets/kubernetes.io"
ln -s "$1" "$run/secrets/kubernetes.io/serviceaccount"
shift 2
PATH=$path
exec "$@"
"""
"""FOLDER EMPTY COMMAND...: /var/run becomes one that has what it had, by way of EMPTY, and the mounted folder."""

WAYS = (("--mount",), ("--user", "--map-current-user", "--keep-caps", "--mount"))


def variables(server: str) -> dict[str, str]:
    """What every container is told of the API server, whether or not it has a token.

    Source: `getServiceEnvVarMap` of k8s.io/kubernetes/pkg/kubelet
    """
    parts = urlsplit(server)
    return {"KUBERNETES_SERVICE_HOST": str(parts.hostname), "KUBERNETES_SERVICE_PORT": str(parts.port)}


def entered(mounted: Path, own: Path) -> tuple[str, ...]:
    """What stands before a command so that it finds the folder `mounted` at FOLDER; nothing where that cannot be.

    `own` is a folder of the container.
    """
    flags = _allowed()
    if not flags:
        return ()
    empty = own / "run"
    empty.mkdir(exist_ok=True)
    return _command(flags, mounted, empty)


def kubeconfig(mounted: Path, own: Path, environ: Mapping[str, str]) -> Path:
    """The file that says the same to clients where no path can be mounted.

    Its context is called as everybody's is here: what takes one of that name from a document finds it.
    """
    server = f"https://{environ['KUBERNETES_SERVICE_HOST']}:{environ['KUBERNETES_SERVICE_PORT']}"
    cluster = {"server": server, "certificate-authority": str(mounted / "ca.crt")}
    context = {"cluster": "own", "user": "own", "namespace": (mounted / "namespace").read_text(encoding="utf-8")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "own", "cluster": cluster}],
        "users": [{"name": "own", "user": {"tokenFile": str(mounted / "token")}}],
        "contexts": [{"name": CONTEXT, "context": context}],
        "current-context": CONTEXT,
    }
    file = own / "kubeconfig"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@functools.cache
def _allowed() -> tuple[str, ...]:
    """The flags with which this machine lets a process have mounts of its own; none when it does not."""
    if not shutil.which("unshare"):
        return ()
    with tempfile.TemporaryDirectory() as name:
        mounted, empty = Path(name) / "mounted", Path(name) / "empty"
        for folder in (mounted, empty):
            folder.mkdir()
        (mounted / "token").touch()
        for flags in WAYS:
            words = (*_command(flags, mounted, empty), "test", "-e", f"{FOLDER}/token")
            if subprocess.run(words, check=False, capture_output=True).returncode == 0:
                return flags
    return ()


def _command(flags: tuple[str, ...], mounted: Path, empty: Path) -> tuple[str, ...]:
    return (str(shutil.which("unshare")), *flags, "/bin/sh", "-c", SCRIPT, "sh", str(mounted), str(empty))
