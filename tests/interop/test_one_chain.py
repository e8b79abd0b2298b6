"""A refresh token of Django, presented to Jeton many times at once, becomes one chain."""

import threading

import tokens
from conftest import PASSWORD

AT_ONCE = 16
ROUNDS = 10


def rounds(pair):
    """Django's tokens, each with the answers that Jeton gave to it."""
    for number in range(ROUNDS):
        user = {"username": f"user{number}", "password": PASSWORD}
        token = pair.django.post("/api/token/", user).json()["refresh"]
        yield token, at_once(pair.jeton, token)


def at_once(server, token):
    """Every request is ready before the first is sent."""
    barrier, answers = threading.Barrier(AT_ONCE), []

    def present():
        barrier.wait()
        answers.append(server.post("/api/token/refresh/", {"refresh": token}))

    threads = [threading.Thread(target=present) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == AT_ONCE
    return answers


def refresh(server, token):
    return server.post("/api/token/refresh/", {"refresh": token})


def test_in_exact_one_of_them_gets_the_successor(start):
    pair = start("rotating", "exact")
    for token, answers in rounds(pair):
        won = [answer for answer in answers if answer.status == 200]
        lost = [answer for answer in answers if answer.status != 200]
        assert (len(won), len(lost)) == (1, AT_ONCE - 1), [answer.status for answer in answers]
        for answer in lost:
            assert (answer.status, answer.json()) == (
                401,
                {"detail": "Token is blacklisted", "code": "token_not_valid"},
            )
        assert refresh(pair.jeton, won[0].json()["refresh"]).status == 200, "the losers ended nothing"
        assert refresh(pair.jeton, token).status == 401


def test_in_safe_all_of_them_get_the_same_successor(start):
    pair = start("rotating", "safe")
    for token, answers in rounds(pair):
        assert [answer.status for answer in answers] == [200] * AT_ONCE
        successors = {answer.json()["refresh"] for answer in answers}
        assert len(successors) == 1, "one and the same text"
        successor = successors.pop()
        assert tokens.claims(successor)["jti"] != tokens.claims(token)["jti"]
        for answer in answers:
            access = answer.json()["access"]
            assert pair.jeton.post("/api/token/verify/", {"token": access}).status == 200
        onward = refresh(pair.jeton, successor)
        assert onward.status == 200
        assert refresh(pair.django, onward.json()["refresh"]).status == 200, "and Django takes the chain back"
