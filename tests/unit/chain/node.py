"""A node that answers from a table, over HTTP like a real one."""

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class RefusalError(Exception):
    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"data": data} if data else {})}


Answer = Callable[[list[Any]], Any]


@contextmanager
def node(answers: dict[str, Answer], raw: bytes | None = None):
    """Serve; gives the URL and the list of methods asked. ``raw`` replaces every answer."""
    asked: list[str] = []

    def one(call: dict[str, Any]) -> dict[str, Any]:
        asked.append(call["method"])
        head = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            return {**head, "result": answers[call["method"]](call["params"])}
        except RefusalError as refusal:
            return {**head, "error": refusal.error}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = [one(each) for each in call] if isinstance(call, list) else one(call)
            body = json.dumps(answer).encode() if raw is None else raw
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
