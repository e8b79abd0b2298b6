"""With two settings, Jeton answers as Simple JWT 5.3 did: what older clients were written for."""

import time

import pytest

import tokens
from cases import BLACKLIST, LOGOUT, ME, OBTAIN, REFRESH, SLIDING, SLIDING_REFRESH, VERIFY, bearer
from conftest import PASSWORD
from servers import DjangoSite, Jeton, older_python
from test_answers import compare
from tokens import mint
from wire import get, post

WIRE = {"user_id": "number", "error_texts": "5.3"}
ROTATING = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
PROFILES = {"plain": {}, "rotating": ROTATING, "by name": {"USER_ID_FIELD": "username", **ROTATING}}
ADA = {"username": "ada", "password": PASSWORD}


@pytest.fixture(scope="module", params=PROFILES)
def pair(request, tmp_path_factory, users):
    """Simple JWT 5.3 and Jeton in the exact stance."""
    settings = PROFILES[request.param]
    folder = tmp_path_factory.mktemp("older")
    for name in ("jeton", "django"):
        (folder / name).mkdir()
    django = DjangoSite(folder / "django", users, settings, python=older_python())
    try:
        jeton = Jeton(folder / "jeton", users, settings, tables={"wire": WIRE})
    except Exception:
        django.stop()
        raise
    yield django, jeton
    status = jeton.stop()
    django.stop()
    assert status == 0


def bad_tokens():
    now = int(time.time())
    return {
        "garbage": "garbage",
        "expired": mint(exp=now - 60),
        "expired at this second": mint(exp=now),
        "another key": mint(key="another-key-0123456789-0123456789-0123456789"),
        "another algorithm": mint(algorithm="HS512"),
        "from the future": mint(iat=now + 600),
        "not before": mint(nbf=now + 600),
        "no exp": mint(drop=("exp",)),
        "no id": mint(drop=("jti",)),
        "no type": mint(drop=("token_type",)),
        "an access token": mint("access"),
        "a sliding token": mint("sliding"),
    }


def requests():
    yield "a login", [post(OBTAIN, ADA)]
    yield "a sliding login", [post(SLIDING, ADA)]
    yield "a wrong password", [post(OBTAIN, {**ADA, "password": "wrong"})]
    for name, token in bad_tokens().items():
        if name != "no id":
            yield f"refresh, {name}", [post(REFRESH, {"refresh": token})]
            yield f"blacklist, {name}", [post(BLACKLIST, {"refresh": token})]
        yield f"verify, {name}", [post(VERIFY, {"token": token})]
        yield f"me, {name}", [get(ME, **bearer(token))]
        if name not in {"no id", "a sliding token"}:
            yield f"sliding refresh, {name}", [post(SLIDING_REFRESH, {"token": token})]
    ended = {"refresh": mint(user_id=1)}
    yield "blacklisted", [post(BLACKLIST, ended), post(BLACKLIST, ended), post(REFRESH, ended)]
    listed = mint(user_id=1)
    yield "verify of a blacklisted one", [post(BLACKLIST, {"refresh": listed}), post(VERIFY, {"token": listed})]
    yield "window over", [post(SLIDING_REFRESH, {"token": mint("sliding", refresh_exp=int(time.time()) - 60)})]
    yield "no window", [post(SLIDING_REFRESH, {"token": mint("sliding", drop=("refresh_exp",))})]
    yield "no user claim", [get(ME, **bearer(mint("access", drop=("user_id",))))]
    yield "no such user", [get(ME, **bearer(mint("access", user_id=4711)))]
    yield "an inactive user", [get(ME, **bearer(mint("access", user_id=3)))]
    yield "two words", [get(ME, Authorization="Bearer a b")]
    yield "nobody", [get(ME)]
    yield "a good logout", [post(LOGOUT, {"refresh_token": mint(user_id=2)}, **bearer(mint("access", user_id=2)))]


CASES = dict(requests())


@pytest.mark.parametrize("name", CASES)
def test_both_answer_alike(pair, name):
    django, jeton = pair
    for request in CASES[name]:
        different = compare(django.send(request), jeton.send(request))
        if different:
            pytest.fail("\n".join([name, *different]), pytrace=False)


def test_the_user_claim_is_a_number_where_the_column_holds_numbers(pair):
    """Through a login, a refresh and a protected view, with each other's tokens."""
    django, jeton = pair
    claims = [tokens.claims(server.post(OBTAIN, ADA).json()["access"])["user_id"] for server in pair]
    assert claims[0] == claims[1] and claims[0] in (1, "ada")
    for issuer, other in ((django, jeton), (jeton, django)):
        refresh = issuer.post(OBTAIN, ADA).json()["refresh"]
        access = other.post(REFRESH, {"refresh": refresh}).json()["access"]
        claim = tokens.claims(access)["user_id"]
        assert claim == claims[0] and type(claim) is type(claims[0])
        assert issuer.send(get(ME, **bearer(access))).json() == {"id": 1, "username": "ada"}
