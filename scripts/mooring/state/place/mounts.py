"""Whether a file is on a network file system, where SQLite's WAL does not work."""

from pathlib import Path

from mooring.state.place.address import Address

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "ceph", "afs")
"""Types of file systems on which processes of several machines share files, but no memory."""

MOUNTS = Path("/proc/self/mounts")


def warnings(address: Address) -> tuple[str, ...]:
    """What may go wrong where it is: a file on a network file system, where WAL loses what it should keep."""
    kind = network(address.file) if address.file else None
    if kind is None:
        return ()
    return (
        f"{address} is on a network file system ({kind}), where SQLite can lose data: use a local disk or PostgreSQL",
    )


def network(path: Path, mounts: Path | None = None) -> str | None:
    """The type of the network file system that a path is on; None for a local one, or where that is not known."""
    try:
        lines = [line.split() for line in (mounts or MOUNTS).read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return None
    real = path.resolve()
    found = ""
    kind = None
    for _device, place, type_, *_ in lines:
        point = place.encode().decode("unicode_escape")
        if len(point) >= len(found) and real.is_relative_to(point):
            found, kind = point, type_
    return kind if kind in NETWORK else None
