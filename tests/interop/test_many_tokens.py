"""Thousands of tokens, good and bad and odd, each judged by PyJWT and by Jeton: the verdicts are the same.

The tokens come from a fixed seed. Where the verdicts may differ is listed in `DIFFERENCES`, and in
docs/compatibility.md; each of these is met at least once, so that the list cannot outlive its reasons.
"""

import base64
import http.client
import json
import math
import random
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import tokens
from algorithms import profile
from servers import SECRET_KEY

SEED = 20_261_121
COUNTS = {"HS256": 6000, "RS256": 1000, "ES256": 1000, "EdDSA": 1000}
YEAR_10000 = 253_402_300_800


class Key:
    """The key of a site, for both judges."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.private = None
        if algorithm != "HS256":
            self.private = load_pem_private_key(profile(algorithm)["SIGNING_KEY"].encode(), None)

    @property
    def verifying(self):
        return self.private.public_key() if self.private else SECRET_KEY

    def sign(self, text):
        if self.private is None:
            signer = jwt.get_algorithm_by_name("HS256")
            return signer.sign(text, SECRET_KEY.encode())
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(text)
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(text, padding.PKCS1v15(), SHA256())


def pyjwt(token, key):
    """What Simple JWT's verify view says, by its own steps around PyJWT."""
    try:
        claims = jwt.decode(token.strip(), key.verifying, algorithms=[key.algorithm], options={"verify_aud": False})
    except jwt.ExpiredSignatureError:
        return "Token is expired"
    except jwt.InvalidTokenError:
        return "Token is invalid"
    if "exp" not in claims:
        return "Token has no 'exp' claim"
    return "good" if "jti" in claims else "Token has no id"


class Judge:
    """The verify endpoint of a server, over one connection."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def __call__(self, token):
        body = json.dumps({"token": token})
        self.connection.request("POST", "/api/token/verify/", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        said = json.loads(answer.read())
        if answer.status == 200:
            return "good"
        assert answer.status == 401, (answer.status, said, token)
        return said["detail"]


def claims_text(chance, now):
    """The text of a payload: mostly good members, some odd ones, in any order; now and then no object at all."""
    good = {
        "token_type": '"access"',
        "exp": str(now + 600),
        "iat": str(now - 60),
        "jti": f'"{chance.getrandbits(128):032x}"',
        "user_id": '"1"',
    }
    members = [(name, value) for name, value in good.items() if chance.random() > 0.02]
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        members.insert(chance.randrange(len(members) + 1), (chance.choice(NAMES), odd_value(chance, now)))
    if chance.random() < 0.2:
        chance.shuffle(members)
    between = chance.choice((("", ""), ("", ""), ("", ""), (" ", " "), ("\n", "\t")))
    text = f",{between[0]}".join(f'"{name}":{between[1]}{value}' for name, value in members)
    if chance.random() < 0.02:
        return chance.choice(("null", "[]", '"text"', "{", "", "{}", "{} ", f"{{{text}}}}}", f"[{text}]"))
    return f"{{{text}}}"


def odd_value(chance, now):
    ahead, past = now + 600, now - 600
    times = (ahead, past, now + 60, now - 60, 0, -1, YEAR_10000 - 1, YEAR_10000, 10**15, 10**16, 2**63, 2**64, 10**30)
    written = str(chance.choice(times))
    return chance.choice((
        *[written] * 6, f'"{written}"', f"{written}.5", f"{written}.0", f"{written}e0", f'" {written} "', f'"+{written}"',
        '""', '"a"', '"5"', '"\\u0061"', '"\\ud800"', '"é토큰"', '"1_0"', "true", "false", "null", "0", "-0", "-1", "1e3", "1E400",
        "[]", "{}", '["a"]', '{"a":1}', '{"a":1,"a":2}', "NaN", "-Infinity", "01", "1.", ".5", "tru", "'a'", "[" * 40 + "]" * 40,
    ))  # fmt: skip


NAMES = (
    "exp", "exp", "iat", "iat", "nbf", "nbf", "jti", "jti", "sub", "token_type", "user_id", "iss", "aud", "refresh_exp", "name",
    "\\u0065xp", "j\\u0074i", "Exp", "", "토큰",
)  # fmt: skip


def header_text(chance, algorithm):
    plain = f'{{"alg":"{algorithm}","typ":"JWT"}}'
    if chance.random() < 0.8:
        return plain
    extra = chance.choice((
        '"kid":"a"', '"kid":5', '"kid":null', '"typ":"at+jwt"', '"typ":"dpop+jwt"', '"typ":5', '"cty":"JWT"', '"x":{"y":[1]}',
        '"crit":[]', '"crit":["x"],"x":1', '"crit":["b64"],"b64":true', '"b64":true', '"zip":"DEF"', '"jku":"http://127.0.0.1:9/"',
        '"alg":"none"', f'"alg":"{algorithm}"', f'"\\u0061lg":"{algorithm}"', '"y":NaN',
    ))  # fmt: skip
    alone = f'{{"typ":"JWT","alg":"{algorithm}"}}'
    other = chance.choice(("HS256", "RS256", "HS512", "none", "None", algorithm.lower(), ""))
    return chance.choice((
        alone, f'{{ "alg": "{algorithm}" }}', f'{{"alg":"{algorithm}",{extra}}}', f'{{{extra},"alg":"{algorithm}"}}',
        f'{{"alg":"{other}","typ":"JWT"}}', '{"typ":"JWT"}', f'["{algorithm}"]', "", "null", f'"{algorithm}"',
    ))  # fmt: skip


def token(chance, key, now):
    header, payload = header_text(chance, key.algorithm), claims_text(chance, now)
    signed = ".".join(tokens.encode(part.encode()) for part in (header, payload))
    whole = f"{signed}.{tokens.encode(key.sign(signed.encode()))}"
    return mutated(chance, whole) if chance.random() < 0.25 else whole


def mutated(chance, whole):
    place = chance.randrange(len(whole))
    letter = chance.choice(ALPHABET)
    return chance.choice((
        whole[:place] + letter + whole[place + 1:],
        whole[:place] + letter + whole[place:],
        whole[:place] + whole[place + 1:],
        whole[: place + 1],
        whole[place:],
        whole[:-1] + letter,
        whole + letter,
        whole + "=" * (-len(whole.rsplit(".", 1)[1]) % 4),
        f" {whole}\n",
        whole + "." + whole,
        whole.replace(".", ".", 1),
    ))  # fmt: skip


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" + "=+/. .é~"


def decoded(token, part):
    """A part as Python reads it: members in order, twins and all; None if it is no JSON."""
    try:
        text = base64.urlsafe_b64decode(token.strip().split(".")[part].rstrip("=") + "==")
        return json.loads(text, object_pairs_hook=lambda pairs: pairs)
    except (ValueError, IndexError):
        return None


def within(value):
    """The value and everything in it."""
    yield value
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from within(each)


def is_padded(token):
    return "=" in token


def is_python_json(token):
    """Python's reader takes numbers that are none and halves of characters, which JSON does not have."""
    for part in (0, 1):
        for value in within(decoded(token, part)):
            if isinstance(value, float) and not math.isfinite(value):
                return True
            if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
                return True
    return False


def asks_for_what_no_token_needs(token):
    header = decoded(token, 0)
    return isinstance(header, list) and any(pair[0] in ("b64", "zip") for pair in header if isinstance(pair, tuple))


def crashes_the_reference(token):
    """`exp` as text, or beyond the calendar: PyJWT is content, and Simple JWT answers 500."""
    claims = decoded(token, 1)
    if not isinstance(claims, list):
        return False
    exp = dict(claims).get("exp")
    return isinstance(exp, str) or (isinstance(exp, (int, float)) and exp >= YEAR_10000)


DIFFERENCES = (is_padded, is_python_json, asks_for_what_no_token_needs, crashes_the_reference)


@pytest.mark.parametrize("algorithm", COUNTS)
def test_pyjwt_and_jeton_give_every_token_the_same_verdict(start, algorithm):
    key, chance, now = Key(algorithm), random.Random(SEED), int(time.time())
    name = "plain" if algorithm == "HS256" else algorithm
    exact, safe = (Judge(start(name, stance).jeton) for stance in ("exact", "safe"))
    verdicts, met = {}, set()
    for _ in range(COUNTS[algorithm]):
        one = token(chance, key, now)
        theirs, ours = pyjwt(one, key), exact(one)
        verdicts[ours] = verdicts.get(ours, 0) + 1
        if theirs != ours:
            reasons = [reason.__name__ for reason in DIFFERENCES if reason(one)]
            assert reasons and ours != "good", (theirs, ours, one, decoded(one, 0), decoded(one, 1))
            met.update(reasons)
        if safe(one) == "good":
            assert theirs == "good", (theirs, one, decoded(one, 0), decoded(one, 1))
    assert set(verdicts) == {"good", "Token is invalid", "Token is expired", "Token has no 'exp' claim", "Token has no id"}
    assert min(verdicts["good"], verdicts["Token is invalid"]) > COUNTS[algorithm] / 5, verdicts
    if algorithm == "HS256":
        assert met == {reason.__name__ for reason in DIFFERENCES}
