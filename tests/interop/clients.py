"""A client of one server: it keeps cookies as browsers do, and remembers what answers gave it."""

import dataclasses
import http.cookies
import json
import re


class Client:
    """`send(step)` fills the step's placeholders from what earlier answers of this server left behind.

    `{csrf}`, `{masked}` and `{session}` come from the jar; `{access}`, `{refresh}`, `{token}` from the newest JSON
    answer that had such a member, at any depth.
    """

    def __init__(self, server):
        self.server = server
        self.jar = {}
        self.known = {}

    def send(self, request):
        headers = tuple((name, self.filled(value)) for name, value in request.headers)
        if self.jar and not any(name.lower() == "cookie" for name, _ in headers):
            cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
            headers += (("Cookie", cookies),)
        body = request.body and self.filled(request.body.decode("latin-1")).encode("latin-1")
        answer = self.server.send(dataclasses.replace(request, headers=headers, body=body))
        self.keep_cookies(answer)
        if answer.header("Content-Type") == "application/json" and answer.text:
            self.learn(json.loads(answer.text))
        # Answers may quote what was sent, and each server has a port of its own.
        return dataclasses.replace(answer, text=answer.text.replace(f":{self.server.port}", ":PORT"))

    def filled(self, text):
        names = {
            "csrf": self.jar.get("csrftoken", ""),
            "masked": masked(self.jar.get("csrftoken", "")),
            "session": self.jar.get("sessionid", ""),
            "origin": f"http://127.0.0.1:{self.server.port}",
            "port": str(self.server.port),
            **self.known,
        }
        return re.sub(r"\{(\w+)\}", lambda name: names.get(name[1], name[0]), text)

    def keep_cookies(self, answer):
        for name, value in answer.headers:
            if name.lower() != "set-cookie":
                continue
            for cookie in http.cookies.SimpleCookie(value).values():
                if cookie["max-age"] == "0":
                    self.jar.pop(cookie.key, None)
                else:
                    self.jar[cookie.key] = cookie.value

    def learn(self, data):
        members = data.items() if isinstance(data, dict) else ()
        for name, value in members:
            if name in ("access", "refresh", "token") and isinstance(value, str):
                self.known[name] = value
            self.learn(value)


def masked(secret):
    """A CSRF secret as forms hold it: a mask of as many letters, then the secret shifted by it."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    mask = "Kx" * (len(secret) // 2)
    try:
        pairs = zip(secret, mask, strict=False)
        return mask + "".join(letters[(letters.index(a) + letters.index(b)) % len(letters)] for a, b in pairs)
    except ValueError:
        return mask + secret
