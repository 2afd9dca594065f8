"""A real browser, without a window, network or home of its own; it is told what to do through a pair of pipes.

Source: Chrome DevTools Protocol, https://chromedevtools.github.io/devtools-protocol/, and `--remote-debugging-pipe`.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

HOW = "apt-get install -y --no-install-recommends chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"),
)
COMPLAINTS = frozenset({"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"})
COUNT = """
    (async () => {
        const image = new Image();
        image.src = "data:image/png;base64,%s";
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
        canvas.drawImage(image, 0, 0);
        const data = canvas.getImageData(0, 0, image.width, image.height).data;
        const found = {};
        for (let at = 0; at < data.length; at += 4) {
            const color = (data[at] << 16) + (data[at + 1] << 8) + data[at + 2];
            found[color] = (found[color] || 0) + 1;
        }
        return found;
    })()
"""


@dataclass
class Browser:
    """The process at the other ends of the pipes."""

    orders: IO[bytes]
    answers: IO[bytes]
    events: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _unread: bytes = b""

    def tell(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Gives an order, and returns what came of it; events until then are kept."""
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        self.orders.write(json.dumps(order | ({"sessionId": session} if session else {})).encode() + b"\0")
        self.orders.flush()
        while (said := self._next()).get("id") != self._number:
            self.events.append(said)
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    def wait(self, method: str, session: str) -> None:
        """Until an event was there."""
        while not any((event["method"], event.get("sessionId")) == (method, session) for event in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            read = os.read(self.answers.fileno(), 1 << 20)
            assert read, "the browser died"
            self._unread += read
        message, _, self._unread = self._unread.partition(b"\0")
        said: dict[str, Any] = json.loads(message)
        return said

    @contextmanager
    def open(
        self, page: Path, address: str = "", width: int = 800, height: int = 600, dark: bool = False
    ) -> "Iterator[Tab]":
        """The page, loaded; what the browser complains about fails the test."""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        tab = Tab(self, self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for what in ("Page", "Runtime", "Log"):
            tab.tell(f"{what}.enable")
        tab.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.tell("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        tab.tell("Page.navigate", url=f"{page.as_uri()}{address}")
        self.wait("Page.loadEventFired", tab.session)
        yield tab
        tab.tell("Log.disable")
        complaints = [event for event in self.events if event["method"] in COMPLAINTS]
        assert complaints == [], complaints
        self.tell("Target.closeTarget", targetId=target)


@dataclass(frozen=True)
class Tab:
    """A page that is open."""

    browser: Browser
    session: str

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.tell(method, self.session, **parameters)

    def value(self, script: str) -> Any:
        """Of an expression, or of what it promises."""
        told = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    @property
    def dom(self) -> str:
        """The document after its script has run."""
        return str(self.value("document.documentElement.outerHTML"))

    def shares(self) -> dict[str, float]:
        """What a person sees: the share of each color, such as `#ffffff`."""
        picture = self.tell("Page.captureScreenshot", format="png")["data"]
        with self.browser.open(Path(os.devnull)) as blank:
            pixels = blank.value(COUNT % picture)
        return {f"#{int(color):06x}": count / sum(pixels.values()) for color, count in pixels.items()}


@contextmanager
def browser() -> Iterator[Browser]:
    """Starts one, and ends it."""
    program = shutil.which("chromium")
    if not program:
        raise AssertionError(f"these tests need a browser: {HOW}")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(prefix="mooring-browser-", ignore_cleanup_errors=True) as home:
        script = f'exec "$0" "$@" 3</dev/fd/{theirs_in} 4>/dev/fd/{theirs_out}'
        process = subprocess.Popen(
            ["sh", "-c", script, program, *FLAGS, f"--user-data-dir={home}", "about:blank"],
            env={"HOME": home, "PATH": "/usr/bin:/bin"},
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        with process, os.fdopen(ours_out, "wb") as orders, os.fdopen(ours_in, "rb") as answers:
            found = Browser(orders, answers)
            try:
                yield found
                found.tell("Browser.close")
                process.wait(20)
            finally:
                process.kill()
