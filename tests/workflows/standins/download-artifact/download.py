"""Unpacks the artifacts of a run. An entry that leads out of its folder is left out, as actions/download-artifact does.

Source: CVE-2024-42471, mended in version 2.1.2 of @actions/artifact, which version 4.1.8 of the action brought.
"""

import os
import zipfile
from pathlib import Path


def main() -> None:
    into = Path(os.environ["INTO"]).resolve()
    into.mkdir(parents=True, exist_ok=True)
    run = os.environ["RUN"] or os.environ["GITHUB_RUN_ID"]
    wanted, together = os.environ["NAME"] or os.environ["PATTERN"], os.environ["TOGETHER"] == "true"
    for artifact in sorted(Path(os.environ["STANDIN"], "artifacts", run).glob(f"{wanted}.zip")):
        folder = into if together or os.environ["NAME"] else into / artifact.stem
        with zipfile.ZipFile(artifact) as archive:
            for entry in archive.infolist():
                if (folder / entry.filename).resolve().is_relative_to(folder):
                    archive.extract(entry, folder)


if __name__ == "__main__":
    main()
