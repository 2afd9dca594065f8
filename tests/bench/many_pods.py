"""`python many_pods.py -m MODULE --slot SLOT --release DIGEST`: a pod that answers probes and its admin door alone.

It takes 15 MB where a slot takes 150, so that one machine can have many. RELEASE is a file with what the slot says of
its configuration.
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HEALTH = b'{"ready": true, "reasons": [], "in_flight": 0, "rss": 0, "pod": null, "row": null}'
PROBE = b'{"answer": "It looks up your order."}'
CONFIG = Path(os.environ["RELEASE"]).read_bytes()
ANSWERS = {"/health": HEALTH, "/config": CONFIG, "/probe": PROBE, "/accept": b"{}"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = ANSWERS.get(self.path, b"{}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True

    def server_bind(self) -> None:
        """Without a look at what the address is called."""
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]


if __name__ == "__main__":
    ip = os.environ["MOORING_POD_IP"]
    for port in (8422, 8423):
        threading.Thread(target=Server((ip, port), Handler).serve_forever, daemon=True).start()
    threading.Event().wait()
    sys.exit()
