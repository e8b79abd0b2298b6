"""What is asked of both servers about the ways in beside tokens: sessions, keys, hand-made tokens, cookies, sign-up.

A case is played by one client on each server; `{…}` in a header or body is filled from that server's earlier answers
(see clients.py).
"""

import base64
import json
import time
import unicodedata
from itertools import product

import jwt

from cases import ADA, BLANKS, LOGOUT, ME, OBTAIN, REFRESH, Instead, case, crash, raw
from conftest import PASSWORD
from servers import SECRET_KEY
from wire import Request, get, post

LOGIN, LOGOUT_SESSION = "/api/v1/users/login", "/api/v1/users/logout"
JWT_LOGIN, JWT_INFO = "/api/v1/users/login/jwt", "/api/v1/users/login/jwt/info"
KEY = "/api/token-auth/"
SIGNUP, COOKIE_LOGIN = "/api/v1/signup/", "/api/v1/login/"
COOKIE_LOGOUT, COOKIE_REFRESH = "/api/v1/logout/", "/api/v1/token/refresh/"
ALL = [LOGIN, LOGOUT_SESSION, JWT_LOGIN, JWT_INFO, KEY, SIGNUP, COOKIE_LOGIN, COOKIE_LOGOUT, COOKIE_REFRESH]
FORM = "application/x-www-form-urlencoded"
BOB = {"username": "bob", "password": PASSWORD}


def all_cases():
    """By the profile that they are played under."""
    return {
        "session first": [*session_logins(), *sessions(), *csrf(), *methods(), *languages()],
        "stacked": [*headers(), *methods()],
        "token first": [*keys(), *headers()],
        "hand-made": [*hand_made(), *methods()],
        "plain": [*cookie_flow(), *signups(), *methods(), *redirects()],
        "rotating": [*cookie_flow()],
        "korean": [*korean(), *signups(), *keys()],
    }


def languages():
    yield case("languages are not asked for", get(ME, Accept_Language="ko"))


def unchecked_bodies():
    """For the logins that do not validate what they are given."""
    yield "nothing", {}
    yield "no password", {"username": "ada"}
    yield "no name", {"password": PASSWORD}
    yield "nulls", {"username": None, "password": None}
    yield "empty name", {**ADA, "username": ""}
    yield "empty password", {**ADA, "password": ""}
    yield "password 0", {**ADA, "password": 0}
    yield "password false", {**ADA, "password": False}
    yield "password an empty list", {**ADA, "password": []}
    yield "name with blanks around", {**ADA, "username": " ada "}
    yield "password with blanks around", {**ADA, "password": f" {PASSWORD} "}
    yield "blank name", {**ADA, "username": " "}
    yield "name in another case", {**ADA, "username": "ADA"}
    yield "unicode", {"username": "민정", "password": "비밀번호-1234"}
    yield "a number as the name", {"username": 12345, "password": "67.5"}
    yield "a number as the password", {"username": "12345", "password": 67.5}
    yield "a name in full-width letters", {**ADA, "username": "ａｄａ"}


def unchecked_logins(path):
    yield case(f"{path}, good", post(path, ADA))
    for name, body in unchecked_bodies():
        yield case(f"{path}, {name}", post(path, body), instead=jwt_crash(path, body))
    yield case(f"{path}, malformed", raw(path, b"{"))
    yield case(f"{path}, no body", raw(path, b"", None))
    yield case(f"{path}, text", raw(path, b"x", "text/plain"))
    yield case(f"{path}, a form", raw(path, b"username=ada&password=Pa55-word%21", FORM))
    yield case(f"{path}, a form that is empty", raw(path, b"", FORM))
    for value in ([], "x", 1, None, True):
        yield case(f"{path}, body {json.dumps(value)}", post(path, value), instead=crash(400))


def jwt_crash(path, body):
    """The hand-made login crashes where name and password are wrong, but not where one is falsy."""
    full = body.get("username") and body.get("password")
    good = [("민정", "비밀번호-1234"), (12345, "67.5"), ("12345", 67.5)]
    if path != JWT_LOGIN or not full or (body["username"], body["password"]) in good:
        return None
    return crash(400, 401, 403)


def session_logins():
    yield from unchecked_logins(LOGIN)
    for name, fields in {
        "wrong password": {**ADA, "password": "x"},
        "unknown user": {**ADA, "username": "nobody"},
        "inactive user": {**ADA, "username": "ina"},
    }.items():
        yield case(f"session login, {name}", post(LOGIN, fields))
    yield case("session login, password true", post(LOGIN, {**ADA, "password": True}))
    yield case("session login, password a list", post(LOGIN, {**ADA, "password": [PASSWORD]}))
    yield case("session login, name a list", post(LOGIN, {**ADA, "username": ["ada"]}))
    yield case("session login, with a bad bearer token", post(LOGIN, ADA, Authorization="Bearer bad"))
    yield case("session login, as a page", post(LOGIN, ADA, Accept="text/html"))


def sessions():
    me, csrf = get(ME), {"X_CSRFToken": "{csrf}"}
    yield case("session, me", post(LOGIN, ADA), me)
    yield case("session, none", me, post(LOGOUT_SESSION, {}), post(LOGOUT, {"all": True}))
    yield case("session, logout", post(LOGIN, ADA), post(LOGOUT_SESSION, {}, **csrf), me)
    yield case("session, logout twice", post(LOGIN, ADA), *[post(LOGOUT_SESSION, {}, **csrf)] * 2)
    yield case("session, logout without a body", post(LOGIN, ADA), raw(LOGOUT_SESSION, b"", None, **csrf), me)
    yield case("session, logout with a bad body", post(LOGIN, ADA), raw(LOGOUT_SESSION, b"{", **csrf), me)
    yield case("session, logout by GET", post(LOGIN, ADA), get(LOGOUT_SESSION), me)
    yield case("session, login again", post(LOGIN, ADA), post(LOGIN, ADA, **csrf), me)
    yield case("session, login again as another", post(LOGIN, ADA), post(LOGIN, BOB, **csrf), me)
    yield case("session, login again, wrong", post(LOGIN, ADA), post(LOGIN, {**ADA, "password": "x"}, **csrf), me)
    yield case("session, login again without the token", post(LOGIN, ADA), post(LOGIN, BOB), me)
    yield case("session, all tokens out", post(OBTAIN, BOB), post(LOGIN, BOB), post(LOGOUT, {"all": True}, **csrf), me)
    yield case(
        "session, one token out",
        post(OBTAIN, BOB),
        post(LOGIN, BOB),
        post(LOGOUT, {"refresh_token": "{refresh}"}, **csrf),
        post(REFRESH, {"refresh": "{refresh}"}),
    )
    for name, value in {
        "unknown": "z" * 32,
        "too short": "abc",
        "of eight letters": "abcdefgh",
        "empty": "",
        "quoted": '"' + "z" * 32 + '"',
        "of 500 letters": "z" * 500,
        "odd letters": "äöü<>;,'",
    }.items():
        cookie = f"sessionid={value}"
        odd = Instead((401, 403), "such a cookie is no session of anybody") if name == "odd letters" else None
        yield case(f"session id {name}", get(ME, Cookie=cookie), instead=odd)
        yield case(f"session id {name}, where no one looks", post(OBTAIN, ADA, Cookie=cookie), instead=odd and Instead((200,), odd.reason))
    yield case("session id twice, the last good", post(LOGIN, ADA), get(ME, Cookie="sessionid=x; sessionid={session}"))
    yield case("session id twice, the first good", post(LOGIN, ADA), get(ME, Cookie="sessionid={session}; sessionid=x"))
    yield case("session id in quotes", post(LOGIN, ADA), get(ME, Cookie='sessionid="{session}"'))
    yield case("session id in another case", post(LOGIN, ADA), get(ME, Cookie="SessionID={session}"))
    yield case("session and a bad bearer token", post(LOGIN, ADA), get(ME, Authorization="Bearer bad"))
    yield case("a bearer token and a bad session", post(OBTAIN, ADA), get(ME, Authorization="Bearer {access}", Cookie="sessionid=" + "q" * 32))
    yield case("session, as a page", post(LOGIN, ADA), get(ME, Accept="text/html"))
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        yield case(f"session, {method}", post(LOGIN, ADA), Request(method, ME))


TOKENS = {
    "none": None,
    "plain": "{csrf}",
    "masked": "{masked}",
    "wrong": "w" * 32,
    "wrong and masked": "w" * 64,
    "short": "abc",
    "long": "{csrf}{csrf}{csrf}",
    "odd": "!" * 32,
    "odd and masked": "é" * 64,
    "empty": "",
    "in another case": "{csrf}".upper(),
}
ORIGINS = {
    "none": None,
    "own": "{origin}",
    "null": "null",
    "another": "https://evil.example",
    "another port": "http://127.0.0.1:1",
    "over HTTPS": "https://127.0.0.1:{port}",
    "a prefix": "{origin}.evil.example",
    "empty": "",
    "no origin": "evil",
}
COOKIES = {"own": None, "short": "csrftoken=abc", "odd": "csrftoken=" + "!" * 32, "gone": "x=y", "masked": "csrftoken={masked}"}


def csrf():
    def asked(token, where, origin=None, cookie=None, referer=None):
        sent = {"X_CSRFToken": token} if where == "header" and token is not None else {}
        named = {"Origin": origin, "Cookie": cookie and f"sessionid={{session}}; {cookie}", "Referer": referer}
        sent |= {name: value for name, value in named.items() if value is not None}
        if where == "form":
            body = b"x=1" if token is None else f"csrfmiddlewaretoken={token}".encode("latin-1")
            return raw(ME, body, FORM, **sent)
        if where == "multipart":
            part = f'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n--b--\r\n'
            return raw(ME, part.encode("latin-1"), "multipart/form-data; boundary=b", **sent)
        if where == "json":
            return post(ME, {"csrfmiddlewaretoken": token}, **sent)
        return post(ME, {}, **sent)

    for name, token in TOKENS.items():
        for where in ("header", "form", "multipart", "json"):
            yield case(f"csrf, token {name} in the {where}", post(LOGIN, ADA), asked(token, where))
    for (origin_name, origin), token in product(ORIGINS.items(), ("{csrf}", None)):
        yield case(f"csrf, origin {origin_name}, token {token}", post(LOGIN, ADA), asked(token, "header", origin))
    for name, referer in {"none": None, "another": "https://evil.example/", "own": "{origin}/"}.items():
        yield case(f"csrf, referer {name}", post(LOGIN, ADA), asked("{csrf}", "header", referer=referer))
    for (name, cookie), token in product(COOKIES.items(), ("{csrf}", "{masked}", None)):
        yield case(f"csrf, cookie {name}, token {token}", post(LOGIN, ADA), asked(token, "header", cookie=cookie))
    yield case("csrf, a cookie of wrong shape where no one looks", get("/api/token/", Cookie="csrftoken=abc"))
    yield case("csrf, a form and the header", post(LOGIN, ADA), raw(ME, b"csrfmiddlewaretoken=w", FORM, X_CSRFToken="{csrf}"))
    yield case("csrf, an empty field and the header", post(LOGIN, ADA), raw(ME, b"csrfmiddlewaretoken=", FORM, X_CSRFToken="{csrf}"))
    yield case("csrf, a field twice", post(LOGIN, ADA), raw(ME, b"csrfmiddlewaretoken=w&csrfmiddlewaretoken={csrf}", FORM))
    yield case("csrf, PUT with a form field", post(LOGIN, ADA), raw(ME, b"csrfmiddlewaretoken={csrf}", FORM, "PUT"))
    yield case("csrf, a body that cannot be read", post(LOGIN, ADA), raw(ME, b"{"))
    yield case("csrf, a body that cannot be read and the header", post(LOGIN, ADA), raw(ME, b"{", X_CSRFToken="{csrf}"))
    yield case("csrf, anonymous", post(ME, {}, X_CSRFToken="w"))
    yield case("csrf, the token of another login", post(LOGIN, ADA), post(LOGIN, ADA, X_CSRFToken="{csrf}"), asked("{csrf}", "header"))


def headers():
    def header(name, value, *before, instead=None):
        return case(f"header, {name}", *before, get(ME, Authorization=value), instead=instead)

    def basic(text):
        data = text if isinstance(text, bytes) else text.encode()
        return "Basic " + base64.b64encode(data).decode()

    yield case("header, none", get(ME))
    yield header("Basic", basic(f"ada:{PASSWORD}"))
    yield header("Basic, wrong", basic("ada:x"))
    yield header("Basic, unknown", basic("nobody:x"))
    yield header("Basic, inactive", basic(f"ina:{PASSWORD}"))
    yield header("Basic, lower case", basic(f"ada:{PASSWORD}").replace("Basic", "basic"))
    yield header("Basic, upper case", basic(f"ada:{PASSWORD}").replace("Basic", "BASIC"))
    yield header("Basic, alone", "Basic")
    yield header("Basic, blank", "Basic ")
    yield header("Basic, two words", f"{basic(f'ada:{PASSWORD}')} x")
    yield header("Basic, no base64", "Basic !!!")
    yield header("Basic, cut base64", basic(f"ada:{PASSWORD}")[:-3])
    yield header("Basic, without padding", basic("ada:x").rstrip("="))
    yield header("Basic, no colon", basic("ada"))
    yield header("Basic, empty", basic(""))
    yield header("Basic, a colon only", basic(":"))
    yield header("Basic, empty name", basic(f":{PASSWORD}"))
    yield header("Basic, empty password", basic("ada:"))
    yield header("Basic, colons in the password", basic("ada:a:b:c"))
    yield header("Basic, blanks", basic(f" ada : {PASSWORD} "))
    yield header("Basic, unicode", basic("민정:비밀번호-1234"))
    yield header("Basic, Latin-1", basic("é:ÿ".encode("latin-1")))
    yield header("Basic, NUL", basic("a\0da:x"))
    yield header("Basic, NUL in the password", basic("ada:x\0"))
    yield header("Basic, letters outside the alphabet", basic(f"ada:{PASSWORD}").replace("=", "*="))
    yield header("Basic, not ASCII", "Basic é")
    yield header("Basic, a number for a name", basic("12345:67.5"))
    yield header("Token, alone", "Token")
    yield header("Token, blank", "Token ")
    yield header("Token, two words", "Token a b")
    yield header("Token, unknown", "Token " + "0" * 40)
    yield header("Token, lower case", "token " + "0" * 40)
    yield header("Token, short", "Token bad")
    yield header("Token, long", "Token " + "a" * 4000)
    yield header("Token, not ASCII", "Token é")
    yield header("Bearer, bad", "Bearer bad")
    yield header("Bearer, alone", "Bearer")
    yield header("unknown scheme", "Digest x")
    yield header("empty", "")
    yield header("Token, good", "Token {token}", post(KEY, ADA))
    yield header("Token, good in upper case", "TOKEN {token}", post(KEY, ADA))
    yield header("Token, good with blanks", "  Token   {token}  ", post(KEY, ADA))
    yield header("Bearer, good", "Bearer {access}", post(OBTAIN, ADA))
    yield case("header, a bad one at the obtain endpoint", post(OBTAIN, ADA, Authorization="Basic !!!"))
    for path in (LOGIN, KEY, JWT_LOGIN, COOKIE_LOGIN):
        for value in ("Basic !!!", "Token", "Bearer", "Basic " + base64.b64encode(b"ada:x").decode()):
            yield case(f"header, {value} at {path}", post(path, ADA, Authorization=value))


def keys():
    def fields(name, body, instead=None):
        return case(f"key, {name}", post(KEY, body), instead=instead)

    yield case("key, twice", post(KEY, ADA), post(KEY, ADA), get(ME, Authorization="Token {token}"))
    yield fields("wrong password", {**ADA, "password": "x"})
    yield fields("unknown user", {**ADA, "username": "nobody"})
    yield fields("inactive user", {**ADA, "username": "ina"})
    yield fields("nothing", {})
    yield fields("nulls", {"username": None, "password": None})
    yield fields("empty", {"username": "", "password": ""})
    yield fields("blank", {"username": " ", "password": " "})
    yield fields("wrong types", {"username": [], "password": {}})
    yield fields("numbers", {"username": 12345, "password": 67.5})
    yield fields("NUL", {"username": "a\0", "password": "\0"})
    yield fields("a lone surrogate", b'{"username": "\\ud800", "password": "x"}')
    yield fields("blanks around the name", {**ADA, "username": " ada "})
    yield fields("blanks around the password", {**ADA, "password": f" {PASSWORD} "})
    yield fields("a password that has blanks around", {"username": "padded", "password": "  blanks around  "})
    for value in ([], "x", 1, None):
        yield fields(f"body {json.dumps(value)}", value)
    yield case("key, a form", raw(KEY, b"username=ada&password=Pa55-word%21", FORM))
    yield case("key, malformed", raw(KEY, b"{"))
    yield case("key, text", raw(KEY, b"x", "text/plain"))
    yield case("key, no body", raw(KEY, b"", None))
    for accept in ("text/html", "*/*", "application/*", "text/*", "application/json; indent=2", ""):
        yield case(f"key, accept {accept}", post(KEY, ADA, Accept=accept))
    for form in ("json", "api", "xml", ""):
        yield case(f"key, format {form}", post(f"{KEY}?format={form}", ADA))
    for method in ("GET", "HEAD", "PUT", "OPTIONS", "DELETE"):
        yield case(f"key, {method}", Request(method, KEY))


def hand_made():
    yield from unchecked_logins(JWT_LOGIN)
    now = int(time.time())

    def info(name, token, instead=None):
        headers = {} if token is None else {"jwt_auth": token}
        yield case(f"hand-made, {name}", get(JWT_INFO, **headers), instead=instead)
        yield case(f"hand-made, {name}, at me", get(ME, **headers), instead=instead)

    def made(payload, key=SECRET_KEY, algorithm="HS256", headers=None):
        return jwt.encode(payload, key, algorithm=algorithm, headers=headers)

    for path in (JWT_INFO, ME):
        yield case(f"hand-made, of a login, at {path}", post(JWT_LOGIN, ADA), get(path, jwt_auth="{token}"))
    yield from info("none", None)
    yield from info("empty", "")
    yield from info("garbage", "garbage")
    yield from info("two dots", "..")
    yield from info("good", made({"id": 1, "username": "ada"}))
    yield from info("blanks around", f" {made({'id': 1})} ")
    yield from info("only the id", made({"id": 2}))
    yield from info("another name", made({"id": 2, "username": "ada"}))
    yield from info("id as text", made({"id": "2"}))
    yield from info("id as a float", made({"id": 2.0}), Instead((200, 403), "Python reads it as a number"))
    yield from info("id true", made({"id": True}), Instead((200, 403), "Python counts it as 1"))
    yield from info("id 0", made({"id": 0}))
    yield from info("id null", made({"id": None}))
    yield from info("id empty", made({"id": ""}))
    yield from info("no id", made({"username": "ada"}))
    yield from info("id unknown", made({"id": 999}))
    yield from info("id negative", made({"id": -1}))
    yield from info("id beyond 64 bits", made({"id": 2**70}))
    yield from info("id a word", made({"id": "ada"}), crash(401, 403))
    yield from info("id a list", made({"id": [1]}), crash(401, 403))
    yield from info("id an object", made({"id": {"a": 1}}), crash(401, 403))
    yield from info("inactive", made({"id": 3}), Instead((200, 401, 403), "the guide's class does not look"))
    yield from info("expired", made({"id": 1, "exp": now - 60}))
    yield from info("in time", made({"id": 1, "exp": now + 600}))
    yield from info("exp a word", made({"id": 1, "exp": "soon"}))
    yield from info("nbf ahead", made({"id": 1, "nbf": now + 600}), crash(200, 401, 403))
    yield from info("iat ahead", made({"id": 1, "iat": now + 600}), crash(200, 401, 403))
    yield from info("iat a word", made({"id": 1, "iat": "x"}), crash(200, 401, 403))
    yield from info("aud", made({"id": 1, "aud": "x"}), crash(200, 401, 403))
    yield from info("another key", made({"id": 1}, key="another-secret-key-0123456789-abcdefghij"))
    yield from info("HS512", made({"id": 1}, algorithm="HS512"), crash(401, 403))
    yield from info("unsigned", made({"id": 1}, key=None, algorithm="none"), crash(401, 403))
    yield from info("with a kid", made({"id": 1}, headers={"kid": "x"}))
    yield from info("with Bearer", f"Bearer {made({'id': 1})}")
    yield case("hand-made, a Simple JWT token", post(OBTAIN, ADA), get(JWT_INFO, jwt_auth="{access}"))
    yield case("hand-made, in Authorization", post(JWT_LOGIN, ADA), get(JWT_INFO, Authorization="Bearer {token}"))
    yield case("hand-made, header in another case", post(JWT_LOGIN, ADA), get(JWT_INFO, **{"JWT_AUTH": "{token}"}))


def cookie_flow():
    refresh, leave = raw(COOKIE_REFRESH, b"", None), raw(COOKIE_LOGOUT, b"", None)
    for name, body in {
        "good": ADA,
        "nothing": {},
        "wrong": {**ADA, "password": "x"},
        "inactive": {**ADA, "username": "ina"},
        "nulls": {"username": None, "password": None},
        "a list": [],
    }.items():
        yield case(f"cookie login, {name}", post(COOKIE_LOGIN, body))
    yield case("cookie login, as a page", post(COOKIE_LOGIN, ADA, Accept="text/html"))
    yield case("cookie login, wrong, as a page", post(COOKIE_LOGIN, {**ADA, "password": "x"}, Accept="text/html"))
    yield case("cookie login, indented", post(COOKIE_LOGIN, ADA, Accept="application/json; indent=4"))
    yield case("cookie login, no such form", post(COOKIE_LOGIN, ADA, Accept="image/png"))
    yield case("cookie login, malformed", raw(COOKIE_LOGIN, b"{"))
    yield case("cookie logout", post(COOKIE_LOGIN, ADA), leave, refresh, leave)
    yield case("cookie refresh, none", refresh)
    yield case("cookie refresh, as a page", raw(COOKIE_REFRESH, b"", None, Accept="text/html"))
    for name, value in {"empty": "", "blank": '"  "', "garbage": "garbage", "quoted": '"garbage"', "dots": "..", "equals": "a=b"}.items():
        yield case(f"cookie refresh, {name}", raw(COOKIE_REFRESH, b"", None, Cookie=f"refresh={value}"))
        yield case(f"cookie logout, {name}", raw(COOKIE_LOGOUT, b"", None, Cookie=f"refresh={value}"))
    yield case("cookie refresh, an access token", post(OBTAIN, ADA), raw(COOKIE_REFRESH, b"", None, Cookie="refresh={access}"))
    yield case("cookie logout, an access token", post(OBTAIN, ADA), raw(COOKIE_LOGOUT, b"", None, Cookie="refresh={access}"))
    yield case("cookie refresh, a token obtained elsewhere", post(OBTAIN, ADA), raw(COOKIE_LOGOUT, b"", None, Cookie="refresh={refresh}"))
    yield case("cookie logout, twice", post(COOKIE_LOGIN, ADA), leave, leave)
    yield case("cookie refresh, a bad header", post(COOKIE_LOGIN, ADA), raw(COOKIE_LOGOUT, b"", None, Authorization="Bearer bad"))


def signups():
    def signup(name, body, *more, instead=None):
        return case(f"signup, {name}", post(SIGNUP, body), *more, instead=instead)

    good = {"password": "Str0ng-pass-77"}
    yield signup("good", {**good, "username": "s1"}, post(OBTAIN, {**good, "username": "s1"}))
    yield signup("nothing", {})
    yield signup("nulls", {"username": None, "password": None, "email": None})
    yield signup("empty", {"username": "", "password": "", "email": ""})
    yield signup("wrong types", {"username": [], "password": {}, "email": True})
    yield signup("numbers", {"username": 4711, "password": 99.25, "email": 5})
    yield signup("empty e-mail", {**good, "username": "s2", "email": ""})
    yield signup("taken", {**good, "username": "ada"})
    yield signup("taken and bad e-mail", {**good, "username": "ada", "email": "x"})
    yield signup("taken with blanks", {**good, "username": " ada "})
    for number, email in enumerate([
        "a@b.co", "A@B.CO", "a@b", "a@localhost", "@b.co", "a@", "a b@c.de", "a@b..co", "a@-b.co", "a@b-.co", "a@1.2.3.4", "a@[1.2.3.4]",
        "a@[::1]", '"a b"@c.de', "a.@b.co", ".a@b.co", "a..b@c.de", "a+b@c.de", "é@b.co", "a@é.co", "a@b.c", "a@b.123", " a@b.co ", "a@b.co\n",
        "a" * 64 + "@b.co", "a" * 245 + "@b.com", "a@" + "b" * 64 + ".co", "a@b@c.de", "a,b@c.de", "<a@b.co>", "a@b.xn--p1ai", "a'b@c.de", "a\0@b.co", "a@한국.kr",
    ]):
        yield signup(f"e-mail {number}", {**good, "username": f"mail{number}", "email": email})
    for number, name in enumerate([
        "a b", "a/b", "<b>", "a\tb", "a\nb", "é", "한국", "日本", "ａｂ", "ﬁ", "a\u200bb", "a\u0301", "½", "²", "Ⅷ", "٣", "_", "@.+-_", "-", "a\u00adb", "ß", "İ",
        "e\u0301", "\ud55c\uae00", "𝕒", "x" * 150, "x" * 151, "ﷺ" * 9, "ﷺ" * 40, "a\u2028", "🦀", "a'b", "a%", "a\u2060", "ª", "ʰ", "ـ", "۝", "་", "‿", "٫",
    ]):
        # Its normal form is a name that was taken before it.
        twin = crash(400) if name == "ª" else None
        if len(unicodedata.normalize("NFKC", name)) > 150 and len(name) <= 150:
            twin = Instead((400,), "the name that is kept would not fit its column")
        yield signup(f"name {number}", {**good, "username": name}, instead=twin)
    for number, (password, fields) in enumerate([
        ("short", {}), ("1234567", {}), ("12345678", {}), ("password", {}), ("PASSWORD", {}), ("Password1", {}), ("qwertyuiop", {}), ("password1", {}), ("1q2w3e4r", {}),
        ("٣٣٣٣٣٣٣٣", {}), ("²²²²²²²²", {}), ("aaaaaaaa", {}), ("        ", {}), ("x" * 4000, {}),
        ("robinhood", {"username": "robinhood"}), ("ROBINHOOD", {"username": "robinhood1"}), ("robinhoo", {"username": "robin.hood"}), ("hood-robin", {"username": "robin.hood2"}),
        ("someone12", {"email": "someone@example.org"}), ("example.org", {"email": "zz@example.org"}), ("exampleorg", {"email": "zy@example.org"}), ("robin", {"username": "robin"}),
        ("123", {"username": "123456789012"}), ("trustno1", {}), ("iloveyou!", {}), ("비밀번호비밀번호", {}), ("abcd1234", {}), ("dragon12", {"username": "dragon1"}), ("\0\0\0\0\0\0\0\0", {}),
    ]):
        yield signup(f"password {number}", {"username": f"pw{number}", "password": password, **fields})
    yield signup("a list", [])
    yield signup("null", None)
    yield case("signup, malformed", raw(SIGNUP, b"{"))
    yield case("signup, a form", raw(SIGNUP, b"username=formed&password=Str0ng-pass-77", FORM))
    yield case("signup, as a page", post(SIGNUP, {**good, "username": "paged"}, Accept="text/html"))
    yield signup("a lone surrogate", b'{"username": "\\ud800", "password": "Str0ng-pass-77"}')
    yield signup("a lone surrogate in the password", b'{"username": "s9", "password": "\\ud800Str0ng-pass-77"}')
    for name, blank in BLANKS.items():
        yield signup(f"{name} around the name", {**good, "username": f"{blank}b{len(name)}{blank}"})


def korean():
    yield case("korean, no credentials", get(ME))
    for value in ("Bearer", "Bearer bad", "Bearer a b", "Basic", "Basic a b", "Basic !!!", "Token", "Token a b", "Token bad"):
        yield case(f"korean, header {value}", get(ME, Authorization=value))
    yield case("korean, obtain", post(OBTAIN, {}), post(OBTAIN, {"username": None, "password": ""}), post(OBTAIN, {"username": [], "password": "\0"}))
    yield case("korean, wrong", post(OBTAIN, {**ADA, "password": "x"}))
    yield case("korean, refresh", post(REFRESH, {}), post(REFRESH, {"refresh": "x"}), post(REFRESH, []), post(REFRESH, None))
    yield case("korean, bodies", raw(OBTAIN, b"{"), raw(OBTAIN, b"x", "text/plain"), raw(OBTAIN, b'"x"'))
    yield case("korean, methods", get(OBTAIN), Request("BREW", OBTAIN), get(OBTAIN, Accept="image/png"), get(f"{OBTAIN}?format=x"))
    yield case("korean, session login", post(LOGIN, {}), post(LOGIN, {**ADA, "password": "x"}), post(LOGIN, ADA), post(LOGOUT_SESSION, {}))
    yield case("korean, key", post(KEY, {**ADA, "password": "x"}))
    yield case("korean, options", *(Request("OPTIONS", path) for path in (OBTAIN, KEY)))


def methods():
    for path, method in product(ALL, ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")):
        # Which fields these views tell of is each site's own choice.
        if method != "OPTIONS" or path not in (SIGNUP, COOKIE_LOGOUT, COOKIE_REFRESH):
            yield case(f"{method} {path}", Request(method, path))
    for path, accept in product(ALL, ("text/html", "image/png", "text/*", "*/*;q=0")):
        yield case(f"accept {accept} at {path}", Request("GET", path, (("Accept", accept),)))


def redirects():
    for path in ALL:
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        yield case(f"slash, {other}", Request("POST", other, (("Content-Type", "application/json"),), b"{}"), get(f"{other}?a=b"))
