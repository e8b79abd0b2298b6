"""Odd requests get the same answer from Jeton (exact) as from Django: status, body and the headers that matter."""

import json
import re

import jwt
import pytest

import tokens
from cases import all_cases

CASES = all_cases()
COMPARED = (
    "Content-Type",
    "WWW-Authenticate",
    "Location",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
)
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{20,}")
KEY = re.compile(r'"token":( ?)"[0-9a-f]{40}"')
MOMENT = re.compile(r"\b[12]\d{9}\b")
DESCRIPTION = re.compile(r'"description":"(?:[^"\\]|\\.)*",')
# Python's own words for what is wrong with a JSON text.
PARSE_ERROR = re.compile(r'("detail": ?"JSON parse error - )[^"]*(?:\\"[^"]*)*"')


def test_no_two_cases_have_one_name():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 100, sorted({name for name in names if names.count(name) > 1})


@pytest.mark.parametrize("profile", ["plain", "rotating"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_answer_alike(start, profile, case):
    pair = start(profile)
    for number, request in enumerate(case.requests, 1):
        django, jeton = pair.django.send(request), pair.jeton.send(request)
        apart = case.instead and profile in case.instead.profiles
        different = judge_apart(case.instead, django, jeton) if apart else compare(django, jeton)
        if different:
            pytest.fail("\n".join([f"{case.name}, request {number}: {asked(request)}", *different]), pytrace=False)


def compare(django, jeton):
    """One line or more for each difference."""
    if django.status >= 500:
        return [f"  Django crashes ({django.status}): say what Jeton does instead; now {shown(jeton)}"]
    wanted, given = seen(django), seen(jeton)
    return [
        f"  {name}\n    Django: {wanted[name]}\n    Jeton:  {given[name]}"
        for name in wanted
        if not alike(wanted[name], given[name])
    ]


def alike(wanted, given):
    """Equal, but for moments that lie at most two seconds apart: one server is asked after the other."""
    if not isinstance(wanted, str) or not isinstance(given, str):
        return wanted == given
    moments = zip(MOMENT.findall(wanted), MOMENT.findall(given), strict=False)
    same_text = MOMENT.sub("", wanted) == MOMENT.sub("", given)
    return same_text and all(abs(int(one) - int(other)) <= 2 for one, other in moments)


def judge_apart(instead, django, jeton):
    """Jeton by itself, where Django is not to be followed, and whether that is still so."""
    different = []
    if (django.status == 500) != instead.crash:
        different.append(f"  Django is said to {'crash' if instead.crash else 'answer'}: {shown(django)}")
    if jeton.status not in instead.statuses:
        different.append(f"  {instead.reason}; Jeton is to answer {instead.statuses}: {shown(jeton)}")
    elif jeton.status != 200 and jeton.header("Content-Type") != "application/json":
        different.append(f"  Jeton does not answer in JSON: {shown(jeton)}")
    return different


def asked(request):
    text = f"{request.method} {request.path} {dict(request.headers)} {request.body!r}"
    return f"{TOKEN.sub(lambda token: described(token[0]), text):.600}"


def shown(answer):
    return f"{answer.status} {answer.header('Content-Type')} {body(answer)!r:.200}"


def seen(answer):
    """What a client can tell, with tokens by their claims and Python's wording left out."""
    # Jeton's redirects have the headers of all other answers, Django's have not.
    compared = [name for name in COMPARED if answer.status != 301 or name != "X-Frame-Options"]
    return {
        "status": answer.status,
        "Allow": words(answer.header("Allow")),
        "Vary": words(answer.header("Vary")),
        "Set-Cookie": cookies(answer.header("Set-Cookie")),
        **{name: answer.header(name) for name in compared},
        "body": body(answer),
    }


def words(value):
    return value and sorted(word.strip().lower() for word in value.split(","))


def cookies(value):
    """With the secrets left out, and the moments that are not the beginning of time."""
    value = value and re.sub(r"((?:csrftoken|sessionid)=)\w{32}", r"\1…", value)
    value = value and TOKEN.sub(lambda token: described(token[0]), value)
    return value and re.sub(r"expires=\w+, \d+ \w+ 20[^;]*", "expires=…", value)


def body(answer):
    if (answer.header("Content-Type") or "").startswith("text/html"):
        title = re.search(r"<title>\s*(.*?)\s*</title>", answer.text, re.DOTALL)
        return title and title[1].split(" – ")[0]
    # What OPTIONS says of a view is each server's own prose.
    answer_text = DESCRIPTION.sub("", answer.text)
    answer_text = KEY.sub(r'"token":\1"…"', answer_text)
    return PARSE_ERROR.sub(r'\1…"', TOKEN.sub(lambda token: described(token[0]), answer_text))


def described(token):
    """A token as its header and claims, in order; an id of the usual form by that form alone."""
    try:
        claims = tokens.claims(token)
    except jwt.InvalidTokenError:
        return token
    if re.fullmatch("[0-9a-f]{32}", str(claims.get("jti"))):
        claims["jti"] = "id"
    # Users who signed up get the next free number, and one server may have refused some.
    if str(claims.get("user_id", "")) > "2" and len(str(claims["user_id"])) > 1:
        claims["user_id"] = "new"
    return json.dumps([tokens.header(token), claims], ensure_ascii=False)
