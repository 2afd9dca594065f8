"""Zips a file, or the files of a folder, as actions/upload-artifact does: what a link points to, not the link."""

import os
import sys
import zipfile
from pathlib import Path


def main() -> int:
    given = Path(os.environ["FROM"])
    files = [given] if given.is_file() else sorted(path for path in given.rglob("*") if path.is_file())
    if not files:
        print(f"no files at {given}")
        return int(os.environ["MISSING"] == "error")
    base = given.parent if given.is_file() else given
    kept = Path(os.environ["STANDIN"], "artifacts", os.environ["GITHUB_RUN_ID"], f"{os.environ['NAME']}.zip")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(kept, "x", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(base))
    return 0


if __name__ == "__main__":
    sys.exit(main())
