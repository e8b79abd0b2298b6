"""Tokens of one server are good at the other, and what is bad at one is bad at both."""

import time

import pytest

import tokens
from conftest import PASSWORD, PROFILES
from wire import Request, get


def obtain(server, username="ada", password=PASSWORD):
    answer = server.post("/api/token/", {"username": username, "password": password})
    assert answer.status == 200, answer
    return answer.json()


def obtain_sliding(server, username="ada"):
    answer = server.post("/api/token/sliding/", {"username": username, "password": PASSWORD})
    assert answer.status == 200, answer
    return answer.json()["token"]


def me(server, token, scheme="Bearer", header="Authorization"):
    return server.send(get("/api/me/", **{header: f"{scheme} {token}"}))


def refresh(server, token):
    return server.post("/api/token/refresh/", {"refresh": token})


def assert_blacklisted(answer):
    assert (answer.status, answer.json()) == (401, {"detail": "Token is blacklisted", "code": "token_not_valid"})


def test_an_access_token_of_one_is_the_same_caller_at_the_other(start, journey):
    issuer, other = journey(start())
    for username in ("ada", "bob"):
        access = obtain(issuer, username)["access"]
        here, there = me(issuer, access), me(other, access)
        assert here.status == there.status == 200
        assert here.text == there.text
        assert there.json()["username"] == username


def test_both_put_the_same_claims_into_a_token_in_the_same_order(start):
    for profile in PROFILES:
        pair = start(profile)
        made = [{**obtain(server), "sliding": obtain_sliding(server)} for server in (pair.jeton, pair.django)]
        for kind in ("access", "refresh", "sliding"):
            shapes = [shape(pair_of_tokens[kind]) for pair_of_tokens in made]
            assert shapes[0] == shapes[1], f"{profile}, {kind}"


def shape(token):
    """Header and claims in their order, with times relative to `iat` and ids by their form."""
    claims = tokens.claims(token)
    assert abs(claims["iat"] - time.time()) < 10
    seen = []
    for name, value in claims.items():
        if name in ("exp", "refresh_exp"):
            value -= claims["iat"]
        elif name == "iat":
            value = "now"
        elif name in ("jti", "tid"):
            assert len(value) == 32 and set(value) <= set("0123456789abcdef")
            value = "id"
        seen.append((name, value))
    return list(tokens.header(token).items()), seen


def test_a_refresh_token_of_one_is_refreshed_by_the_other(start, journey):
    issuer, other = journey(start())
    token = obtain(issuer)["refresh"]
    for _ in range(2):
        answer = refresh(other, token)
        assert answer.status == 200 and list(answer.json()) == ["access"]
        for server in (issuer, other):
            assert me(server, answer.json()["access"]).status == 200


@pytest.mark.parametrize("compatibility", ["exact", "safe"])
def test_a_chain_goes_on_when_it_changes_servers(start, journey, compatibility):
    issuer, other = journey(start("rotating", compatibility))
    token, ids = obtain(issuer)["refresh"], set()
    for server in (other, other, issuer, other, issuer, issuer):
        answer = refresh(server, token)
        assert answer.status == 200 and set(answer.json()) == {"access", "refresh"}, answer
        assert me(issuer, answer.json()["access"]).status == me(other, answer.json()["access"]).status == 200
        ids.add(tokens.claims(token)["jti"])
        token = answer.json()["refresh"]
    assert len(ids) == 6


def test_a_token_that_was_rotated_away_is_refused(start, journey):
    issuer, other = journey(start("rotating"))
    token = obtain(issuer)["refresh"]
    successor = refresh(other, token).json()["refresh"]
    assert_blacklisted(refresh(other, token))
    verified = other.post("/api/token/verify/", {"token": token})
    assert (verified.status, verified.json()) == (400, {"non_field_errors": ["Token is blacklisted"]})
    assert refresh(other, successor).status == 200, "which ends nothing else"


def test_every_kind_of_token_of_one_is_verified_by_the_other(start, journey):
    issuer, other = journey(start("rotating"))
    pair = obtain(issuer)
    for token in (pair["access"], pair["refresh"], obtain_sliding(issuer)):
        answer = other.post("/api/token/verify/", {"token": token})
        assert (answer.status, answer.json()) == (200, {})


def test_a_refresh_token_of_one_can_be_blacklisted_at_the_other(start, journey):
    issuer, other = journey(start())
    token = obtain(issuer)["refresh"]
    answer = other.post("/api/token/blacklist/", {"refresh": token})
    assert (answer.status, answer.json()) == (200, {})
    assert_blacklisted(refresh(other, token))
    assert_blacklisted(other.post("/api/token/blacklist/", {"refresh": token}))
    assert refresh(issuer, token).status == 200, "the issuer has a list of its own"


def test_logout_at_one_takes_the_tokens_of_the_other(start, journey):
    issuer, other = journey(start())
    pair = obtain(issuer)
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    answer = other.post("/api/logout/", {"refresh_token": pair["refresh"]}, **bearer)
    assert (answer.status, answer.json()) == (200, {"status": "OK, goodbye"})
    assert_blacklisted(refresh(other, pair["refresh"]))
    assert me(other, pair["access"]).status == 200, "access tokens live on"


def test_logout_from_everything_counts_a_foreign_token_once_it_was_rotated(start, journey):
    issuer, other = journey(start("rotating"))
    pair = obtain(issuer, "user1")
    successor = refresh(other, pair["refresh"]).json()["refresh"]
    bystander = obtain(other, "user2")["refresh"]
    answer = other.post("/api/logout/", {"all": True}, Authorization=f"Bearer {pair['access']}")
    assert answer.json() == {"status": "OK, goodbye, all refresh tokens blacklisted"}
    assert_blacklisted(refresh(other, successor))
    assert refresh(other, bystander).status == 200


def test_a_sliding_token_of_one_is_used_and_refreshed_at_the_other(start, journey):
    issuer, other = journey(start("sliding"))
    token = obtain_sliding(issuer)
    assert me(other, token).status == 200
    time.sleep(1.1)
    answer = other.post("/api/token/sliding/refresh/", {"token": token})
    assert answer.status == 200 and list(answer.json()) == ["token"]
    before, after = tokens.claims(token), tokens.claims(answer.json()["token"])
    assert after["jti"] == before["jti"] and after["refresh_exp"] == before["refresh_exp"]
    assert after["exp"] > before["exp"] and after["iat"] > before["iat"]
    for server in (issuer, other):
        assert me(server, answer.json()["token"]).status == 200


def test_with_every_claim_renamed_and_an_audience_and_issuer_tokens_travel_too(start, journey):
    issuer, other = journey(start("dressed"))
    pair = obtain(issuer)
    claims = tokens.claims(pair["access"])
    assert claims["uid"] == "ada" and claims["kind"] == "access" and claims["iss"] == "https://login.example"
    for scheme in ("JWT", "Bearer"):
        assert me(other, pair["access"], scheme, "X-Access-Token").status == 200
    assert me(other, pair["access"]).status == 401, "the header is another one"
    rotated = refresh(other, pair["refresh"])
    assert rotated.status == 200
    assert me(issuer, rotated.json()["access"], "JWT", "X-Access-Token").status == 200
    assert refresh(issuer, rotated.json()["refresh"]).status == 200


def test_a_changed_token_is_refused_by_both_in_the_same_words(start, journey):
    pair = start("rotating")
    issuer, _ = journey(pair)
    made = obtain(issuer)
    for kind in ("access", "refresh"):
        for changed in spoilt(made[kind]):
            requests = [
                ("/api/token/verify/", {"token": changed}),
                ("/api/token/refresh/", {"refresh": changed}),
                ("/api/token/blacklist/", {"refresh": changed}),
            ]
            for path, body in requests:
                told = [server.post(path, body) for server in (pair.jeton, pair.django)]
                assert [answer.status for answer in told] == [401, 401], (path, changed, told)
                assert told[0].text == told[1].text, (path, changed)
            told = [me(server, changed) for server in (pair.jeton, pair.django)]
            assert [answer.status for answer in told] == [401, 401], (changed, told)
            assert told[0].text == told[1].text
    assert me(pair.jeton, made["access"]).status == 200, "the token itself is good"


def spoilt(token):
    """Each of these fails at its signature or its header."""
    head, body, signature = token.split(".")
    claims = tokens.claims(token)
    return [
        tokens.tampered(token),
        tokens.with_claims(token, user_id="2"),
        tokens.with_claims(token, exp=claims["exp"] + 1),
        tokens.with_claims(token, token_type="sliding"),
        tokens.sign(claims, key="another-secret-key-0123456789-abcdefghij"),
        tokens.sign(claims, algorithm="HS512"),
        tokens.sign(claims, algorithm="none"),
        tokens.sign_parts('{"alg":"hs256","typ":"JWT"}', "{}"),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}..{signature}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}.{signature[:-2]}",
        f"{body}.{head}.{signature}",
        token.replace(".", ".."),
        token[::-1],
    ]


def test_an_expired_token_is_expired_at_both(start):
    pair = start()
    past = int(time.time()) - 60
    expired = tokens.mint("access", iat=past - 300, exp=past)
    told = [me(server, expired) for server in (pair.jeton, pair.django)]
    assert told[0].status == 401 and told[0].text == told[1].text
    assert told[0].json()["messages"][0]["message"] == "Token is expired"


def test_a_user_who_is_locked_out_is_out_at_both_with_tokens_of_either(start):
    pair = start()
    access, refresh_token = tokens.mint("access", "3"), tokens.mint("refresh", "3")
    for request in (
        get("/api/me/", Authorization=f"Bearer {access}"),
        Request(
            "POST",
            "/api/token/refresh/",
            (("Content-Type", "application/json"),),
            b'{"refresh": "%b"}' % refresh_token.encode(),
        ),
    ):
        told = [server.send(request) for server in (pair.jeton, pair.django)]
        assert [answer.status for answer in told] == [401, 401]
        assert told[0].text == told[1].text
