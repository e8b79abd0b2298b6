"""Every algorithm: tokens of one server are good at the other, and other libraries take Jeton's keys and tokens."""

import json
import subprocess
from pathlib import Path

import jwt
import pytest

import tokens
from algorithms import ALGORITHMS, profile
from servers import Jeton, jeton_binary
from test_tokens import assert_blacklisted, me, obtain, refresh

PUBLIC_KEY = ("RS256", "ES256", "EdDSA")
JOSE = Path(__file__).resolve().parent / "jose"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_of_one_are_good_at_the_other(start, journey, algorithm):
    issuer, other = journey(start(algorithm))
    pair = obtain(issuer)
    assert tokens.header(pair["access"]) == {"alg": algorithm, "typ": "JWT"}
    assert me(other, pair["access"]).json()["username"] == "ada"
    assert other.post("/api/token/verify/", {"token": pair["refresh"]}).status == 200
    successor = refresh(other, pair["refresh"])
    assert successor.status == 200, successor
    assert me(issuer, successor.json()["access"]).status == 200
    assert_blacklisted(refresh(other, pair["refresh"]))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_that_is_off_by_a_bit_is_refused_by_both(start, algorithm):
    pair = start(algorithm)
    for server in (pair.jeton, pair.django):
        access = tokens.tampered(obtain(server)["access"])
        refused = [me(each, access) for each in (pair.jeton, pair.django)]
        assert [answer.status for answer in refused] == [401, 401]
        assert refused[0].text == refused[1].text


@pytest.mark.parametrize("algorithm", PUBLIC_KEY)
def test_the_public_key_is_no_secret(start, algorithm):
    pair = start(algorithm)
    public = profile(algorithm)["VERIFYING_KEY"]
    for secret in (public, public.strip(), ""):
        forged = tokens.mint("access", key=secret, algorithm="HS256")
        assert [me(server, forged).status for server in (pair.jeton, pair.django)] == [401, 401]


@pytest.mark.parametrize("algorithm", [*PUBLIC_KEY, "ES384", "ES512", "PS256", "ES256K"])
def test_other_libraries_verify_tokens_with_the_keys_that_jeton_generates(tmp_path, users, algorithm):
    made = subprocess.run(
        [jeton_binary(), "keys", "generate", "--algorithm", algorithm, "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    key = json.loads(made.stdout)
    assert key["algorithm"] == key["public_jwk"]["alg"] == algorithm
    simple_jwt = {"ALGORITHM": algorithm, "SIGNING_KEY": key["private_key_pem"]}
    server = Jeton(tmp_path, users, simple_jwt)
    try:
        access = obtain(server)["access"]
    finally:
        assert server.stop() == 0
    by_jwk = jwt.decode(access, jwt.PyJWK(key["public_jwk"]).key, algorithms=[algorithm])
    by_pem = jwt.decode(access, key["public_key_pem"], algorithms=[algorithm])
    assert by_jwk == by_pem == tokens.claims(access)
    if algorithm != "ES256K":  # jose has dropped it
        assert by_jose(key["public_jwk"], access) == by_jwk
        with pytest.raises(subprocess.CalledProcessError):
            by_jose(key["public_jwk"], tokens.tampered(access))


def by_jose(jwk, token):
    """The claims, as the npm package `jose` verifies them."""
    asked = json.dumps({"jwk": jwk, "token": token})
    command = ["node", "verify.mjs"]
    done = subprocess.run(command, cwd=JOSE, input=asked, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)
