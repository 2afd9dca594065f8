"""A package index that is a folder: wheels that hold nothing but what they need."""

import zipfile
from pathlib import Path

PROJECT = """\
[project]
name = "thing"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["base>=1"]

[dependency-groups]
eval = ["judge>=1"]
dev = [{ include-group = "eval" }, "checker>=1"]
model = ["weights>=1"]
"""


def add(folder: Path, name: str, version: str, *needs: str) -> None:
    """A wheel of pure Python: https://packaging.python.org/en/latest/specifications/binary-distribution-format/"""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    required = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
