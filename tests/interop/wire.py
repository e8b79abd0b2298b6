"""Requests and answers, as they are on the wire."""

import http.client
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: tuple = ()
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple = field(repr=False)
    text: str

    def header(self, name):
        """The value, several joined by a comma as HTTP has it; None if there is none."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self):
        return json.loads(self.text)


def post(path, body, **headers):
    """A JSON request; `Content-Type` is added unless it is given (None leaves it out)."""
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return Request("POST", path, tuple((k, v) for k, v in headers.items() if v is not None), body)


def get(path, **headers):
    return Request("GET", path, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def send(port, request):
    """Sends exactly these headers beside Host, Connection and Content-Length."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        connection.putheader("Connection", "close")
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body is not None:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Answer(response.status, tuple(response.getheaders()), response.read().decode())
    finally:
        connection.close()
