"""`python -m tests.cluster.up FOLDER`: a test cluster and a PostgreSQL to try things by hand, until Ctrl-C.

Writes FOLDER/environment with what a shell needs, and FOLDER/target.yaml with the `target` of an environment.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests import reaper
from tests.cluster.control_plane import ControlPlane
from tests.postgres import Cluster
from tests.targets.kubernetes import house


def main(folder: Path, light: bool, root: Path | None) -> None:
    reaper.mark()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        reaper.reaper(),
        Cluster() as database,
        ControlPlane() as plane,
        tempfile.TemporaryDirectory(dir="/var/tmp") as image,
    ):
        url = database.fresh()
        with house.opened(plane, url, Path(image), namespace="try", light=light, root=root) as place:
            target = "".join(f"  {key}: {value}\n" for key, value in place.document().items())
            (folder / "target.yaml").write_text(f"target:\n{target}")
            variables = {"KUBECONFIG": str(plane.kubeconfig), house.VARIABLE: url}
            (folder / "environment").write_text("".join(f"export {name}={text}\n" for name, text in variables.items()))
            print(f". {folder / 'environment'}", flush=True)
            try:
                signal.pause()
            except KeyboardInterrupt:
                sys.exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--light", action="store_true", help="pods have a light app instead of the real one")
    parser.add_argument("--root", type=Path, help="the repository whose simulator pods use")
    main(**vars(parser.parse_args()))
