"""Tokens made by hand, with the key that both servers share."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import jwt

from servers import SECRET_KEY

LIFETIMES = {"access": 3600, "refresh": 86_400, "sliding": 3600}


def mint(kind="refresh", user_id="1", drop=(), key=SECRET_KEY, algorithm="HS256", headers=None, **claims):
    """What Simple JWT would issue, with some claims set or dropped. The id is new each time."""
    now = int(time.time())
    payload = {"token_type": kind, "exp": now + LIFETIMES[kind], "iat": now, "jti": uuid.uuid4().hex}
    if kind == "sliding":
        payload["refresh_exp"] = now + 86_400
    payload["user_id"] = user_id
    payload.update(claims)
    return sign({name: value for name, value in payload.items() if name not in drop}, key, algorithm, headers)


def sign(payload, key=SECRET_KEY, algorithm="HS256", headers=None):
    """A signed token of claims, or of a payload that is text already."""
    header = {"alg": algorithm, "typ": "JWT", **(headers or {})}
    return sign_parts(json.dumps(header), payload if isinstance(payload, str) else json.dumps(payload), key, algorithm)


def sign_parts(header, payload, key=SECRET_KEY, algorithm="HS256"):
    """No library would make some of these, so the parts are put together here."""
    signed = f"{encode(header.encode())}.{encode(payload.encode())}"
    if algorithm == "none":
        return f"{signed}."
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{signed}.{encode(hmac.new(key.encode(), signed.encode(), digest).digest())}"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def header(token):
    return jwt.get_unverified_header(token)


def tampered(token):
    """The same token with one bit of its signature turned over."""
    signed, signature = token.rsplit(".", 1)
    raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    raw[0] ^= 1
    return f"{signed}.{encode(bytes(raw))}"


def with_claims(token, **changed):
    """The same signature under other claims."""
    head, _, signature = token.split(".")
    return f"{head}.{encode(json.dumps({**claims(token), **changed}).encode())}.{signature}"
