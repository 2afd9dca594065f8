"""Reads comments as GitHub shows them."""

from html.parser import HTMLParser

from markdown_it import MarkdownIt

OURS = {"b", "br", "code", "details", "h3", "h4", "li", "p", "pre", "strong", "summary", "ul"}
OURS |= {"table", "tbody", "td", "th", "thead", "tr"}
CODE = {"code", "pre"}


class Reader(HTMLParser):
    """What a reader of the rendered comment meets: tags, and text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.prose = ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not CODE & set(self.open):
            self.prose += data
