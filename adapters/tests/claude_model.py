"""A scripted model behind the Messages API, for runs of the SDK's own command without network."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Blocks = list[dict[str, Any]]


@dataclass
class Model:
    """Answers each request with the blocks that the script gives for its messages."""

    script: Callable[[list[dict[str, Any]]], Blocks]
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def serve(self) -> Iterator["Model"]:
        """Serve on a free port, for as long as the block runs."""
        model = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_HEAD(self) -> None:  # the handler's name for it
                self.send_response(200)
                self.end_headers()

            def do_POST(self) -> None:  # the handler's name for it
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                is_message = self.path.partition("?")[0] == "/v1/messages"
                answer = model.answer(body) if is_message else b"{}"
                self.send_response(200 if is_message else 404)
                is_stream = is_message and body.get("stream")
                kind = "text/event-stream" if is_stream else "application/json"
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, body: dict[str, Any]) -> bytes:
        """Answer a request, as one document or as a stream of events."""
        self.requests.append(body)
        is_conversation = bool(body.get("tools"))
        blocks = self.script(body["messages"]) if is_conversation else [{"type": "text"}]
        message = {
            "id": f"msg_{len(self.requests)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": blocks,
            "stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 20},
        }
        if not body.get("stream"):
            return json.dumps(message).encode()
        return b"".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            for event in _events(message)
        )


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun = {**message, "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(message["content"]):
        empty, delta = _delta(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 20}}
    yield {"type": "message_stop"}


def _delta(block: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if block["type"] == "tool_use":
        arguments = json.dumps(block["input"])
        return {**block, "input": {}}, {"type": "input_json_delta", "partial_json": arguments}
    if block["type"] == "thinking":
        thought = {"type": "thinking_delta", "thinking": block["thinking"]}
        return {**block, "thinking": "", "signature": ""}, thought
    return {"type": "text", "text": ""}, {"type": "text_delta", "text": block.get("text", "ok")}
