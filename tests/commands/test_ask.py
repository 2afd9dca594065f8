"""`moor up` asks over HTTP what any client would ask."""

import json
import shlex
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mooring.commands.ask import ask, curl
from mooring.errors import Failed

QUESTION = 'What\'s `new`, "friend"?'


class Agent(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = f"{asked['model']} heard {asked['messages'][0]['content']}"
        body = json.dumps({"choices": [{"message": {"content": said}}]} if asked["model"] == "support" else [])
        self.send_response(200)
        for name, value in {"release": "sha256:1", "rung": "L0", "slot": "blue", "simulated": "true"}.items():
            self.send_header(f"x-mooring-{name}", value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Agent)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_says_where_it_came_from(url: str) -> None:
    answer = ask(url, "support", QUESTION)
    assert answer.text == f"support heard {QUESTION}"
    assert (answer.release, answer.rung, answer.slot, answer.simulated) == ("sha256:1", "L0", "blue", True)


def test_an_answer_of_another_shape_is_one_line(url: str) -> None:
    with pytest.raises(Failed, match=r"incident at .* does not answer"):
        ask(url, "incident", QUESTION)


def test_nobody_there_is_one_line() -> None:
    with pytest.raises(Failed, match="does not answer"):
        ask("http://127.0.0.1:9", "support", QUESTION, timeout=1)


def test_the_curl_line_survives_a_shell() -> None:
    words = shlex.split(curl("http://127.0.0.1:8420", "support", QUESTION))
    assert words[2] == "http://127.0.0.1:8420/v1/chat/completions"
    assert json.loads(words[-1])["messages"][0]["content"] == QUESTION
