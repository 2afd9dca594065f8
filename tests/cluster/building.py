"""The control plane's one program, built by Go from the module in `control/`."""

from pathlib import Path

from tests.golang import Module

KUBERNETES = "1.36.3"
MISSING = "Go is missing: NOTHING was run on Kubernetes (install Go 1.26 or newer)"

_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES.split(".")
_LINKED = (
    f"-s -w -X {_VERSION}.gitVersion=v{KUBERNETES} -X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR}"
)

CONTROL = Module(Path(__file__).with_name("control"), "cluster", MISSING, (f"-ldflags={_LINKED}", "."))
"""Five to ten minutes of two cores to build, 125 MB. Without the versions it would call itself v0.0.0."""
