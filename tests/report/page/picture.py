"""Draws the picture in the README: `PYTHONPATH=scripts:. .venv/bin/python -m tests.report.page.picture`."""

import base64
import tempfile
from pathlib import Path

from mooring.report.page.page import page
from tests.report.browser import browser
from tests.report.page.story import AT, in_trouble, serving

FILE = Path(__file__).parents[3] / ".github" / "status.png"
WIDTH = 1180


def shown() -> dict[str, object]:
    """An environment whose first vendor fails, and that serves all the same."""
    data, trouble = serving(), in_trouble()
    data["slots"]["green"]["runtime"] = trouble["slots"]["green"]["runtime"]
    data["slots"]["green"]["runtime"]["canaries"] = {}
    data["objectives"][3]["sparkline"] = [0.95, 0.97, 0.965, 0.96, 0.971, 0.974]
    data["patrol"] = trouble["patrol"][:1] + data["patrol"][1:]
    data["silences"] = trouble["silences"]
    data["objectives"] = data["objectives"][:4]
    return data


def draw(file: Path = FILE) -> None:
    """Writes the picture: the upper part of the page, light."""
    with tempfile.TemporaryDirectory() as folder, browser() as started:
        html = Path(folder) / "status.html"
        html.write_text(page(shown(), "en"), encoding="utf-8")
        with started.open(html, width=WIDTH, height=1600) as tab:
            tab.value(f"Date.now = () => {(AT + 2) * 1000}; tick()")
            height = tab.value("document.querySelector('#rungs').getBoundingClientRect().bottom") + 16
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1}
            file.write_bytes(base64.b64decode(tab.tell("Page.captureScreenshot", format="png", clip=clip)["data"]))


if __name__ == "__main__":
    draw()
    print(f"wrote {FILE}, {FILE.stat().st_size:,} bytes")
