"""A model server that loads nothing: it says at `/v1/models` what it was told to be called."""

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
for option in ("--id", "--port", "--weights", "--context"):
    parser.add_argument(option)
told = parser.parse_args(sys.argv[2:])
if told.weights == "/broken.gguf":
    sys.exit("no weights at /broken.gguf")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"data": [{"id": told.id}]}).encode()
        self.send_response(200 if self.path == "/v1/models" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(told.port)), Handler).serve_forever()
