"""Keys that Jeton manages: other libraries find them at its JWKS URL, and Django's sessions outlive the change."""

import json
import subprocess
import time

import jwt
import pytest

import tokens
from servers import Jeton
from test_algorithms import JOSE
from test_tokens import me, obtain, refresh
from wire import get

JWKS = "/.well-known/jwks.json"


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_running_site_moves_from_its_secret_to_a_key_pair(tmp_path, users, algorithm):
    server = Jeton(tmp_path, users, {"ROTATE_REFRESH_TOKENS": True})
    try:
        before = obtain(server)
        assert tokens.header(before["access"]) == {"alg": "HS256", "typ": "JWT"}
        assert server.send(get(JWKS)).json() == {"keys": []}
        server.run("keys", "rotate", "--algorithm", algorithm, "--now")
        after = first_with_a_key(server)
        header = tokens.header(after["access"])
        [published] = server.send(get(JWKS)).json()["keys"]
        assert header == {"alg": algorithm, "kid": published["kid"], "typ": "JWT"}
        assert me(server, before["access"]).status == 200, "the secret's tokens are good until they expire"
        successor = refresh(server, before["refresh"])
        assert successor.status == 200, successor
        for token in (after["access"], successor.json()["access"], successor.json()["refresh"]):
            assert by_pyjwt(server, token) == by_jose(server, token) == tokens.claims(token)
        with pytest.raises(jwt.InvalidSignatureError):
            by_pyjwt(server, tokens.tampered(after["access"]))
        with pytest.raises(subprocess.CalledProcessError):
            by_jose(server, tokens.tampered(after["access"]))
        with pytest.raises(jwt.PyJWKClientError):
            by_pyjwt(server, before["access"])
    finally:
        assert server.stop() == 0


def first_with_a_key(server):
    """A pair that names its key: the command told the server, which hears it within a moment."""
    for _ in range(100):
        pair = obtain(server)
        if "kid" in tokens.header(pair["access"]):
            return pair
        time.sleep(0.1)
    raise AssertionError("the server did not hear of the new key")


def by_pyjwt(server, token):
    """The claims, as PyJWT's client for JWK sets verifies them."""
    client = jwt.PyJWKClient(f"http://127.0.0.1:{server.port}{JWKS}")
    key = client.get_signing_key_from_jwt(token)
    return jwt.decode(token, key.key, algorithms=[tokens.header(token)["alg"]])


def by_jose(server, token):
    """The claims, as the npm package `jose` verifies them."""
    asked = json.dumps({"url": f"http://127.0.0.1:{server.port}{JWKS}", "token": token})
    command = ["node", "verify_remote.mjs"]
    done = subprocess.run(command, cwd=JOSE, input=asked, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)
