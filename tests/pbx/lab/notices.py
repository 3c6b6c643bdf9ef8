"""Takes the notices that the daemon sends by webhook, as an office's own program would."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class NoticeSink:
    """An HTTP server on a port of the lab's that says yes to every notice and remembers it."""

    def __init__(self, port: int) -> None:
        taken: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                taken.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._taken = taken
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{port}/notices"
        threading.Thread(target=self._server.serve_forever, name="notices", daemon=True).start()

    def close(self) -> list[dict[str, Any]]:
        """Take no more; return every notice that came. May be called twice."""
        self._server.shutdown()
        self._server.server_close()
        return self._taken
