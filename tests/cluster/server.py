"""`python server.py`: a small server for containers of tests, on POD_IP and PORT.

`/` tells what it was given, `/break` makes `/live` fail, `/exit/N` ends the process with N; SIGTERM ends it after
`LINGER` seconds.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BROKEN = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/break":
            BROKEN.set()
        if self.path.startswith("/exit/"):
            sys.stderr.write("these were my last words\n")
            os._exit(int(self.path.removeprefix("/exit/")))
        content = json.dumps({"pod": os.environ.get("HOSTNAME"), "pid": os.getpid(), "environ": dict(os.environ)})
        self.send_response(500 if self.path == "/live" and BROKEN.is_set() else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: object) -> None:
        if self.headers.get("User-Agent", "").startswith("kube-probe"):
            return
        print(f"{self.command} {self.path}", flush=True)


def main() -> None:
    server = ThreadingHTTPServer((os.environ["POD_IP"], int(os.environ.get("PORT", "8080"))), Handler)

    def end(*_: object) -> None:
        print("asked to end", flush=True)
        time.sleep(float(os.environ.get("LINGER", "0")))
        print("ended", flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
