"""Keys of ssh-keygen for tests."""

import subprocess
from pathlib import Path


def keypair(folder: Path, name: str) -> tuple[Path, str]:
    """A new key without a passphrase: its file, and the public one without its comment."""
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file, " ".join(Path(f"{file}.pub").read_text().split()[:2])
