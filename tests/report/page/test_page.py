"""The status page in a real browser: it looks right, can be read by everybody, and brings itself up to date."""

import html
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mooring.report import webpage
from mooring.report.page import page as module
from mooring.report.page.page import page
from tests.report.browser import Browser, Tab
from tests.report.browser import browser as started
from tests.report.contrast import contrast
from tests.report.page import picture
from tests.report.page.story import AT, down, in_trouble, serving

CSS = webpage.source(module.TEMPLATE)
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\u202e\"'"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


@contextmanager
def opened(browser: Browser, tmp_path: Path, text: str, **how: Any) -> Iterator[Tab]:
    path = tmp_path / "status.html"
    path.write_text(text, encoding="utf-8")
    with browser.open(path, **how) as tab:
        yield tab


def colors(which: int) -> dict[str, str]:
    """Of the style: 0 light, 1 dark."""
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", CSS.split(":root {")[1 + which]))


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_follows_light_and_dark(tmp_path: Path, browser: Browser, dark: bool) -> None:
    with opened(browser, tmp_path, page(in_trouble(), "en"), height=2600, width=1200, dark=dark) as tab:
        seen = tab.shares()
    style = colors(int(dark))
    assert seen[style["paper"]] > 0.5
    assert all(seen[style[name]] > 0.00001 for name in ("card", "unsure", "fail", "pass", "new")), seen


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [320, 390, 700, 1024, 1600])
@pytest.mark.parametrize("make", [serving, in_trouble, down])
def test_nothing_sticks_out_on_a_phone_or_a_wall(
    tmp_path: Path, browser: Browser, make: Callable[[], dict[str, Any]], width: int, language: str
) -> None:
    data = make() | {"environment": "production-of-a-team-with-a-very-long-name"}
    data["warnings"] = ["x" * 300]
    with opened(browser, tmp_path, page(data, language), width=width) as tab:
        assert tab.value("innerWidth") == width
        assert tab.value("document.documentElement.scrollWidth - innerWidth") == 0
        cut = """[...document.querySelectorAll("td, tbody th, p, li, h1, h2, h3, small")]
            .filter(node => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
            .map(node => node.textContent)"""
        assert tab.value(cut) == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_it_says_first_how_the_environment_is(language: str) -> None:
    pages = (page(make(), language) for make in (serving, in_trouble, down))
    said = [name for text in pages for name in re.findall(r'id="headline"[^>]*>([^<]+)<', text)]
    english = ["production is serving", "production is degraded", "staging is down"]
    assert said == (english if language == "en" else ["production 服务正常", "production 降级运行", "staging 服务中断"])


def test_everything_about_an_environment_is_on_it() -> None:
    text = html.unescape(page(in_trouble(), "en")).replace("\u00a0", " ")
    for said in (
        'href="https://github.com/acme/agents/commit/7f3c9e1b2a4d5c6e7f8091a2b3c4d5e6f7081920"',
        "open for 24 s",
        "0 % of the error budget left",
        "no answer within 10 s",
        "2 differ from git",
        "model/openai/gpt-4-1:options.temperature",
        "never: moor state verify",
        "0 of 168",
        "bake-failed: 9 of 120 requests failed",
        "openai/gpt-4-1 by bob, until 02:00:00 UTC (in 1 h): the vendor knows",
        "options.temperature=0 by ann, until 01:40:00 UTC (in 1 h): it repeats itself",
        "ann holds it for deploy, until 00:05:00 UTC (in 1 min)",
        "behaviour is late: it has never reported",
        "verify-backup is late: it last reported 10 Nov 00:03 UTC (20 days ago)",
        "simulated models",
        "simulated: shop",
        "the bucket refused the last write: AccessDenied",
    ):
        assert said in text, said


def test_what_is_not_known_is_said_to_be_so_and_never_invented() -> None:
    data = serving() | {"deployments": None, "drift": None, "at": None, "phase": None, "exported": None}
    data["slots"]["green"] |= {"commit": None, "rss": 0, "runtime": {}, "totals": {}}
    data["objectives"][0] |= {"value": None, "budget": None, "holds": None, "sparkline": None}
    text = page(data, "en")
    assert text.count("not known") + text.count("Not known") >= 9
    assert "None" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "As of not known" in text
    bare = page({"environment": "local", "running": None}, "en")
    assert "The state of local is not known" in bare


def test_a_commit_is_a_link_only_where_the_host_is_known_and_speaks_http() -> None:
    for repository in (None, "", "git@host:acme/agents", "javascript:alert(1)//host", "https://user:pw@host/acme"):
        assert "/commit/" not in page(serving() | {"repository": repository}, "en"), repository


@pytest.mark.slow
def test_nothing_that_the_data_say_runs_or_loads(tmp_path: Path, browser: Browser) -> None:
    def soiled(value: Any, name: str = "") -> Any:
        match value:
            case dict():
                return {key: soiled(each, key) for key, each in value.items()}
            case list():
                return [soiled(each, name) for each in value]
            case str() if name not in (
                "state",
                "breaker",
                "since",
                "until",
                "slot",
                "at",
                "reported",
                "live",
                "digest",
            ):
                return value + HOSTILE
        return value

    with opened(browser, tmp_path, page(soiled(in_trouble()), "en")) as tab:
        assert tab.value("document.querySelectorAll('img').length") == 0
        assert tab.value("document.scripts.length") == 2


def test_it_loads_nothing_from_elsewhere_and_allows_its_own_script_alone() -> None:
    text = page(in_trouble(), "en")
    assert re.findall(r"""(?:src|action)\s*=\s*["']|url\(|@import""", text) == []
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1])  # type: ignore[index]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert re.search(r"""\son\w+=|\sstyle=""", text) is None


def test_it_is_whole_and_readable_without_a_script(tmp_path: Path, browser: Browser) -> None:
    text = page(in_trouble(), "en")
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in text
    with browser.open(Path("/dev/null")) as tab:
        tab.tell("Emulation.setScriptExecutionDisabled", value=True)
        path = tmp_path / "status.html"
        path.write_text(text, encoding="utf-8")
        browser.events.clear()
        tab.tell("Page.navigate", url=path.as_uri())
        browser.wait("Page.loadEventFired", tab.session)
        tree = tab.tell("Accessibility.getFullAXTree")["nodes"]
    said = " ".join(node["name"]["value"] for node in tree if node.get("name", {}).get("value"))
    assert "production is degraded" in said
    assert "0 of 168" in said


# --- for everybody ---


@pytest.mark.parametrize("make", [serving, in_trouble, down])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_it_has_landmarks_headings_in_order_and_tables_with_names(
    tmp_path: Path, browser: Browser, make: Callable[[], dict[str, Any]], language: str
) -> None:
    with opened(browser, tmp_path, page(make(), language), width=390) as tab:
        assert tab.value("document.documentElement.lang") == language
        nodes = [node for node in tab.tell("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
        roles = [node["role"]["value"] for node in nodes]
        levels = [
            next(each["value"]["value"] for each in node["properties"] if each["name"] == "level")
            for node in nodes
            if node["role"]["value"] == "heading"
        ]
        named = [node["name"]["value"] for node in nodes if node["role"]["value"] in ("table", "region", "image")]
    assert [roles.count(role) for role in ("banner", "main", "contentinfo")] == [1, 1, 1]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(named)
    assert roles.count("table") == 0 if make is down else roles.count("table") == 4
    assert roles.count("rowheader") == roles.count("row") - roles.count("table")


def test_each_cell_has_a_heading_for_its_column_and_each_mark_has_words() -> None:
    text = page(in_trouble(), "en")
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        columns = table.count('scope="col"')
        _head, *rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        assert {row.count("<td") + row.count('scope="row"') for row in rows} == {columns}
        assert table.count("<caption>") == 1
    for tone, said in re.findall(r'<span class="(good|warn|bad|unknown|idle)">(.*?)</span>\n', text, re.DOTALL):
        assert re.sub(r"<[^>]+>", "", said).strip(" ✓▲✗?—"), tone


@pytest.mark.parametrize("which", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_what_it_stands_on(which: int) -> None:
    style = colors(which)
    fronts = ("ink", "soft", "accent", "pass", "fail", "unsure")
    weak = {(front, back): contrast(style[front], style[back]) for front in fronts for back in ("paper", "card")}
    # What is drawn, and the mark in the badge: 3 to 1 suffices.
    weak |= {("paper", back): contrast(style["paper"], style[back]) + 1.5 for back in ("pass", "unsure", "fail", "new")}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_it_can_be_used_by_keyboard_and_does_not_move() -> None:
    text = page(serving(), "en")
    assert text.index('class="skip"') < text.index("<main")
    assert ":focus-visible" in CSS
    assert re.findall(r"animation|transition|@keyframes", CSS) == []


# --- up to date ---


class Monitor(BaseHTTPRequestHandler):
    """Serves the page of `data`, which a test changes."""

    def __init__(self, data: dict[str, Any], *rest: Any) -> None:
        self.data = data
        super().__init__(*rest)

    def do_GET(self) -> None:
        if self.data["page"] is None:
            return
        language = "zh-CN" if "language=zh" in self.path else "en"
        body = page(self.data["page"], language).encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def monitor(data: dict[str, Any]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Monitor, data))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.slow
def test_it_brings_itself_up_to_date_and_loses_neither_focus_nor_place(browser: Browser) -> None:
    data: dict[str, Any] = {"page": serving()}
    with monitor(data) as url, browser.open(Path("/dev/null"), width=1000, height=500) as tab:
        browser.events.clear()
        tab.tell("Page.navigate", url=url)
        browser.wait("Page.loadEventFired", tab.session)
        tab.value("document.querySelector('#deployments a').focus(); scrollTo(0, 700); window.mine = document.body")
        top = tab.value("scrollY")
        worse = in_trouble()
        worse["deployments"][0]["outcome"] = "under-way"
        data["page"] = worse | {"at": AT + 9}
        tab.value("refresh()")
        assert tab.value("document.querySelector('#headline').textContent") == "production is degraded"
        assert tab.value("document.title") == "production · degraded"
        assert tab.value("document.activeElement.href.includes('/commit/7f3c9e1b2a')")
        assert tab.value("document.activeElement === document.querySelector('#deployments a')")
        assert abs(tab.value("scrollY") - top) < 2
        assert tab.value("window.mine === document.body"), "it was not loaded anew"
        assert tab.value("!!document.querySelector('#notes')"), "a part that was not there before"
        data["page"] = serving() | {"at": AT + 18}
        tab.value("refresh()")
        assert not tab.value("!!document.querySelector('#notes')")
        assert tab.value("getComputedStyle(document.querySelector('.top nav')).display") == "flex"


@pytest.mark.slow
def test_it_says_so_when_the_monitor_is_silent(browser: Browser) -> None:
    data: dict[str, Any] = {"page": serving()}
    with monitor(data) as url, browser.open(Path("/dev/null")) as tab:
        browser.events.clear()
        tab.tell("Page.navigate", url=url + "?language=zh-CN")
        browser.wait("Page.loadEventFired", tab.session)
        data["page"] = None
        tab.value("refresh()")
        assert "没有响应" in tab.value("document.querySelector('#notice').textContent")
        assert tab.value("document.querySelector('#headline').textContent") == "production 服务正常"
        # The browser itself complains about the request that failed, and so it should.
        browser.events[:] = [event for event in browser.events if event["method"] != "Log.entryAdded"]


def test_a_file_shows_its_age(tmp_path: Path, browser: Browser) -> None:
    with opened(browser, tmp_path, page(serving(), "en")) as tab:
        tab.value("Date.now = () => 1795997000000 + 3 * 3600 * 1000; tick()")
        assert tab.value("document.querySelector('#age').textContent.trim()") == "As of 00:03:20 UTC (3 h ago)"
        assert "nothing newer has come for 3 h" in tab.value("document.querySelector('#notice').textContent")
        assert tab.value("getComputedStyle(document.querySelector('.top nav')).display") == "none", "leads nowhere"


@pytest.mark.slow
def test_the_picture_of_it_can_be_drawn_again_and_the_one_in_the_readme_is_small(tmp_path: Path) -> None:
    picture.draw(tmp_path / "status.png")
    for file in (tmp_path / "status.png", picture.FILE):
        data = file.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert 20_000 < len(data) < 200_000
    text = (picture.FILE.parents[1] / "README.md").read_text(encoding="utf-8")
    assert re.search(r"!\[The status page: [^\]]+\]\(\.github/status\.png\)", text)


def test_the_template_stays_small() -> None:
    assert len(module.TEMPLATE.read_text(encoding="utf-8").splitlines()) < 360
