"""A real browser, without a window, network or home of its own."""

import shutil
import struct
import subprocess
import tempfile
import zlib
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

HOW = "apt-get install -y --no-install-recommends chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DARK = "--blink-settings=preferredColorScheme=0"


@dataclass(frozen=True)
class Picture:
    """`rows` of pixels as (red, green, blue)."""

    rows: list[list[tuple[int, int, int]]]

    def share(self, color: str) -> float:
        """Of all pixels, those that have a color such as `#ffffff`."""
        wanted = int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
        return sum(row.count(wanted) for row in self.rows) / (len(self.rows) * len(self.rows[0]))


def dom(page: Path, address: str = "", *flags: str) -> str:
    """The document after its script has run; what the browser complains about is raised."""
    return _run(f"{page.as_uri()}{address}", "--dump-dom", *flags)


def screenshot(page: Path, picture: Path, *flags: str) -> Picture:
    """What a person sees of the page."""
    _run(page.as_uri(), f"--screenshot={picture}", *flags)
    return _decoded(picture.read_bytes())


def _run(url: str, *flags: str) -> str:
    program = shutil.which("chromium")
    if not program:
        raise AssertionError(f"these tests need a browser: {HOW}")
    with tempfile.TemporaryDirectory(prefix="mooring-browser-", ignore_cleanup_errors=True) as home:
        command = [program, *FLAGS, f"--user-data-dir={home}", "--enable-logging=stderr", *flags, url]
        environ = {"HOME": home, "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


def _decoded(data: bytes) -> Picture:
    """Reads a PNG of 8 bits a channel without interlacing (https://www.w3.org/TR/png-3/, section 9)."""
    at, packed, width, channels = 8, b"", 0, 0
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, _, depth, color, *_, interlaced = struct.unpack(">IIBBBBB", body)
            assert (depth, interlaced) == (8, 0)
            channels = {2: 3, 6: 4}[color]
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    return Picture(_rows(zlib.decompress(packed), width * channels, channels))


def _rows(raw: bytes, stride: int, channels: int) -> list[list[tuple[int, int, int]]]:
    rows, above = [], bytes(stride)
    for start in range(0, len(raw), stride + 1):
        line = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), above, channels)
        rows.append([(line[n], line[n + 1], line[n + 2]) for n in range(0, stride, channels)])
        above = bytes(line)
    return rows


def _unfiltered(kind: int, line: bytearray, above: bytes, channels: int) -> bytearray:
    if kind == 0 or (kind == 2 and not any(line)):
        return line if kind == 0 else bytearray(above)
    if kind == 1:
        for channel in range(channels):
            line[channel::channels] = bytes(sum_ & 255 for sum_ in accumulate(line[channel::channels]))
        return line
    if kind == 2:
        return bytearray((one + other) & 255 for one, other in zip(line, above, strict=True))
    for n in range(len(line)):
        left = line[n - channels] if n >= channels else 0
        corner = above[n - channels] if n >= channels else 0
        guess = (left + above[n]) // 2 if kind == 3 else _paeth(left, above[n], corner)
        line[n] = (line[n] + guess) & 255
    return line


def _paeth(left: int, up: int, corner: int) -> int:
    start = left + up - corner
    return min((left, up, corner), key=lambda one: abs(start - one))
