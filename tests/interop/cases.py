"""Odd requests, one by one: what is asked of both servers, byte for byte the same.

A case is a name and one or more requests. Tokens are made by hand, each with an id of its own, so both servers see
the same token and neither has seen it before. Where Django crashes or has a known defect, `instead` says what Jeton
is to do.
"""

import base64
import json
import time
import uuid
from dataclasses import dataclass

import tokens
from conftest import PASSWORD
from tokens import mint, sign
from wire import Request, get, post

OBTAIN, REFRESH, VERIFY = "/api/token/", "/api/token/refresh/", "/api/token/verify/"
BLACKLIST, LOGOUT, ME = "/api/token/blacklist/", "/api/logout/", "/api/me/"
SLIDING, SLIDING_REFRESH = "/api/token/sliding/", "/api/token/sliding/refresh/"
ADA = {"username": "ada", "password": PASSWORD}


@dataclass(frozen=True)
class Instead:
    """What Jeton answers where Django is not to be followed."""

    statuses: tuple
    reason: str
    crash: bool = False
    profiles: tuple = ("plain", "rotating")


@dataclass(frozen=True)
class Case:
    name: str
    requests: tuple
    instead: Instead | None = None


def crash(*statuses, **limits):
    """Django answers 500 here, and Jeton one of these."""
    return Instead(statuses or (400, 401), "Django crashes", crash=True, **limits)


def case(name, *requests, instead=None):
    return Case(name, requests, instead)


def raw(path, body, content_type="application/json", method="POST", **headers):
    kept = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Request(method, path, tuple((k, v) for k, v in kept.items() if v is not None), body)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def all_cases():
    return [
        *obtain_fields(),
        *obtain_bodies(),
        *obtain_media_types(),
        *forms(),
        *negotiation(),
        *paths_and_methods(),
        *refresh_fields(),
        *refresh_tokens(),
        *verify_and_blacklist(),
        *sliding(),
        *me_headers(),
        *me_tokens(),
        *logout(),
    ]


def obtain_fields():
    def fields(name, body, instead=None):
        return case(f"obtain, {name}", post(OBTAIN, body), instead=instead)

    yield fields("valid", ADA)
    yield fields("unicode", {"username": "민정", "password": "비밀번호-1234"})
    yield fields("escaped unicode", b'{"username": "\\ubbfc\\uc815", "password": "\\ube44\\ubc00\\ubc88\\ud638-1234"}')
    yield fields("wrong password", {**ADA, "password": "wrong"})
    yield fields("password in another case", {**ADA, "password": PASSWORD.upper()})
    yield fields("name in another case", {**ADA, "username": "Ada"})
    yield fields("unknown user", {**ADA, "username": "nobody"})
    yield fields("inactive user", {**ADA, "username": "ina"})
    yield fields("empty object", {})
    yield fields("no password", {"username": "ada"})
    yield fields("no name", {"password": PASSWORD})
    yield fields("both empty", {"username": "", "password": ""})
    yield fields("both null", {"username": None, "password": None})
    yield fields("blank and null", {"username": "  \t\n", "password": None})
    yield fields("booleans", {"username": True, "password": False})
    yield fields("array and object", {"username": ["ada"], "password": {"a": 1}})
    yield fields("numbers that fit a user", b'{"username": 12345, "password": 67.5}')
    yield fields("numbers that do not", {"username": 1, "password": 0})
    yield fields("a number in exponent form", b'{"username": 12345, "password": 6.75e1}')
    yield fields("a number beyond all floats", b'{"username": "true", "password": 1e400}')
    yield fields("an integer of 60 digits", b'{"username": ' + b"7" * 60 + b', "password": "x"}')
    yield fields(
        "an integer of 5,000 digits",
        b'{"username": ' + b"7" * 5000 + b', "password": "x"}',
        instead=Instead((400, 401), "Python reads no integer of more than 4,300 digits"),
    )
    yield fields("minus zero", {"username": -0.0, "password": "x"})
    yield fields("unknown fields too", {**ADA, "x": [None, {"y": 1.5}], "refresh": "z", "access": 1})
    yield fields("names in another case", {"Username": "ada", "PASSWORD": PASSWORD})
    yield fields("a blank in the field name", {"username ": "ada", "password": PASSWORD})
    yield fields("a name of 10,000 letters", {"username": "a" * 10_000, "password": "x"})
    yield fields("a line break within the name", {"username": "a\nda", "password": PASSWORD})
    yield fields("NUL in the name", {"username": "a\0da", "password": PASSWORD})
    yield fields("NUL in the password", {"username": "ada", "password": f"{PASSWORD}\0"})
    yield fields("NUL in both", {"username": "\0", "password": "\0"})
    yield fields("a lone surrogate in the name", b'{"username": "\\ud800", "password": "x"}')
    yield fields("a lone low surrogate in the password", b'{"username": "ada", "password": "a\\udfffb"}')
    yield fields("surrogates the wrong way round", b'{"username": "\\udc00\\ud83d", "password": "x"}')
    yield fields("a surrogate pair", b'{"username": "\\ud83d\\ude00", "password": "x"}')
    yield fields(
        "a lone surrogate in an unknown field", b'{"username": "ada", "password": "Pa55-word!", "x": "\\ud800"}'
    )
    yield fields("a password with blanks around", {"username": "ada", "password": f"  {PASSWORD}\t"})
    yield fields("a password that has blanks around", {"username": "padded", "password": "  blanks around  "})
    for name, blank in BLANKS.items():
        yield fields(f"{name} around the name", {**ADA, "username": f"{blank}ada{blank}"})
        yield fields(f"{name} as the name", {**ADA, "username": blank})


BLANKS = {
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "a zero-width space": "\u200b",
    "a byte order mark": "\ufeff",
    "a next-line mark": "\u0085",
    "a unit separator": "\x1f",
    "a file separator": "\x1c",
    "a vertical tab": "\x0b",
    "a line separator": "\u2028",
    "a Mongolian vowel separator": "\u180e",
    "a delete character": "\x7f",
}


def obtain_bodies():
    def body(name, data, instead=None):
        return case(f"obtain, body {name}", raw(OBTAIN, data), instead=instead)

    yield body("an array", b"[]")
    yield body("an array of objects", json.dumps([ADA]).encode())
    yield body("a string", b'"ada"')
    yield body("an empty string", b'""')
    yield body("an integer", b"1")
    yield body("zero", b"0")
    yield body("a float", b"1.5")
    yield body("true", b"true")
    yield body("false", b"false")
    yield body("null", b"null")
    yield body("empty", b"")
    yield body("blank", b"   ")
    yield body("a word", b"nonsense")
    yield body("cut off", b'{"username": "ada", "password"')
    yield body("in single quotes", b"{'username': 'ada'}")
    yield body("with a trailing comma", b'{"username": "ada",}')
    yield body("with a comment", b'{"username": "ada" /* x */}')
    yield body("two values", b"{} {}")
    yield body("with blanks around", b" \r\n\t{} \r\n")
    yield body("with a form feed before", b"\x0c{}")
    yield body("with NaN", b'{"username": NaN, "password": "x"}')
    yield body("with Infinity", b'{"username": "ada", "password": -Infinity}')
    yield body("with a leading zero", b'{"username": 01, "password": "x"}')
    yield body("with a plus", b'{"username": +1, "password": "x"}')
    yield body("with a bare fraction", b'{"username": .5, "password": "x"}')
    yield body("with a bad escape", b'{"username": "\\x61", "password": "x"}')
    yield body("with a cut escape", b'{"username": "\\u12", "password": "x"}')
    yield body("with a raw tab in a string", b'{"username": "a\tb", "password": "x"}')
    yield body("with a raw NUL", b'{"username": "a\0b", "password": "x"}')
    yield body("with a byte order mark", b"\xef\xbb\xbf{}")
    yield body("in UTF-16", json.dumps(ADA).encode("utf-16"))
    yield body("not UTF-8", b'{"username": "\xff", "password": "x"}')
    yield body("with an overlong encoding", b'{"username": "\xc0\x80", "password": "x"}')
    yield body("with an encoded surrogate", b'{"username": "\xed\xa0\x80", "password": "x"}')
    yield body("with a key twice", b'{"username": "bob", "password": "x", "username": "ada", "password": "Pa55-word!"}')
    yield body("with an escaped key", b'{"user\\u006eame": "ada", "password": "Pa55-word!"}')
    yield body("20 deep", b'{"username": ' + b"[" * 19 + b"]" * 19 + b"}")
    yield body("100,000 deep", b"[" * 50_000 + b"]" * 50_000, instead=crash(400, 413))


def obtain_media_types():
    good = json.dumps(ADA).encode()

    def typed(name, content_type, data=good, instead=None):
        return case(f"obtain, content type {name}", raw(OBTAIN, data, content_type), instead=instead)

    unnamed = Instead((415,), "Django's development server fills in text/plain")
    yield typed("absent", None, instead=unnamed)
    yield typed("absent, without a body", None, b"")
    yield typed("empty", "")
    yield typed("text", "text/plain")
    yield typed("text, without a body", "text/plain", b"")
    yield typed("XML with parameters", 'application/xml; charset="utf-8"')
    yield typed("in another case", "Application/JSON")
    yield typed("with a charset", "application/json; charset=utf-8")
    yield typed("with a charset in another case", "application/json;charset=UTF8")
    yield typed("with another parameter", "application/json; version=1")
    yield typed("of JSON's family", "application/vnd.api+json")
    yield typed("text/json", "text/json")
    yield typed("a wildcard", "*/*")
    yield typed("application/*", "application/*")
    yield typed("a word", "json")
    yield typed("with a slash only", "/")
    yield typed("with a comma", "application/json, text/plain")
    yield typed("not ASCII", "application/j\u00e9son")
    yield typed(
        "Latin-1 with such a body",
        "application/json; charset=latin-1",
        '{"username": "\u00e9", "password": "x"}'.encode("latin-1"),
    )


def forms():
    urlencoded = "application/x-www-form-urlencoded"

    def form(name, data, content_type=urlencoded, path=OBTAIN, instead=None):
        return case(f"form, {name}", raw(path, data, content_type), instead=instead)

    yield form("valid", b"username=ada&password=Pa55-word%21")
    yield form("plus is a blank", b"username=+ada+&password=Pa55-word!")
    yield form("unicode", "username=민정&password=비밀번호-1234".encode())
    yield form(
        "percent-encoded unicode", b"username=%EB%AF%BC%EC%A0%95&password=%EB%B9%84%EB%B0%80%EB%B2%88%ED%98%B8-1234"
    )
    yield form("bad UTF-8", b"username=%FF%FE&password=x")
    yield form("bad percent", b"username=%zz&password=100%")
    yield form("NUL", b"username=a%00b&password=x")
    yield form("empty values", b"username=&password=")
    yield form("no equals sign", b"username&password")
    yield form("empty", b"")
    yield form("twice the field", b"username=bob&username=ada&password=x&password=Pa55-word!")
    yield form("semicolons", b"username=ada;password=Pa55-word!")
    yield form("JSON inside", json.dumps(ADA).encode())
    yield form("with a charset", b"username=ada&password=Pa55-word!", f"{urlencoded}; charset=utf-8")
    yield form(
        "1,200 fields",
        "&".join(f"f{number}=1" for number in range(1200)).encode(),
        instead=Instead((400,), "Django answers with a page"),
    )
    yield form("for refresh", f"refresh={mint()}".encode(), path=REFRESH)
    yield form("for refresh, nothing", b"x=1", path=REFRESH)

    def multipart(name, parts, end=b"--b--\r\n", content_type="multipart/form-data; boundary=b", instead=None):
        return form(
            f"multipart, {name}",
            b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end,
            content_type,
            instead=instead,
        )

    def part(name, value, extra=b""):
        return b'Content-Disposition: form-data; name="%b"%b\r\n\r\n%b' % (name, extra, value)

    both = [part(b"username", b"ada"), part(b"password", b"Pa55-word!")]
    yield multipart("valid", both)
    yield multipart("unicode", [part(b"username", "민정".encode()), part(b"password", "비밀번호-1234".encode())])
    yield multipart("twice the field", [part(b"username", b"bob"), *both])
    yield multipart("without fields", [])
    yield multipart("without the end", both, b"")
    yield multipart("without a boundary", both, content_type="multipart/form-data")
    strange = Instead((400,), "Django reads a part of what the boundary does not delimit")
    yield multipart("another boundary", both, content_type="multipart/form-data; boundary=c", instead=strange)
    yield multipart("a quoted boundary", both, content_type='multipart/form-data; boundary="b"')
    yield multipart("an empty boundary", both, content_type="multipart/form-data; boundary=")
    yield multipart("the name as a file", [part(b"username", b"ada", b'; filename="a.txt"'), both[1]])
    yield multipart("a part without a name", [b"Content-Disposition: form-data\r\n\r\nx", *both])
    headless = Instead((400,), "a part without a name has no place in a form")
    yield multipart("a part without headers", [b"\r\nx", *both], instead=headless)
    yield multipart("bad UTF-8", [part(b"username", b"\xff"), both[1]])
    yield multipart(
        "base64",
        [part(b"username", base64.b64encode(b"ada"), b"\r\nContent-Transfer-Encoding: base64"), both[1]],
        instead=Instead((401,), "HTTP has no transfer encodings within forms (RFC 7578 §4.7)"),
    )
    yield form("multipart, empty", b"", "multipart/form-data; boundary=b")
    yield form("multipart, another kind", b"--b--\r\n", "multipart/mixed; boundary=b")


def negotiation():
    def accept(name, value, path=OBTAIN):
        return case(f"accept {name}", post(path, ADA, Accept=value))

    yield accept("JSON", "application/json")
    yield accept("anything", "*/*")
    yield accept("application/*", "application/*")
    yield accept("XML", "application/xml")
    yield accept("XML or anything", "application/xml, */*;q=0.1")
    yield accept("JSON with q 0", "application/json;q=0")
    yield accept("JSON indented", "application/json; indent=2")
    yield accept("JSON with another parameter", "application/json; version=2")
    yield accept("in another case", "APPLICATION/JSON")
    yield accept("empty", "")
    yield accept("a word", "json")
    yield accept("image", "image/png")
    yield accept("a comma", ",")
    yield case("accept XML at me", get(ME, Accept="application/xml"))
    yield case("accept XML at me with a token", get(ME, Accept="application/xml", **bearer(mint("access"))))
    for value in ("json", "xml", "", "JSON"):
        yield case(f"format={value}", post(f"{OBTAIN}?format={value}", ADA))
    yield case("format=json against Accept", post(f"{OBTAIN}?format=json", ADA, Accept="application/xml"))
    yield case("format twice", post(f"{OBTAIN}?format=xml&format=json", ADA))
    yield case("fields in the query", raw(f"{OBTAIN}?username=ada&password={PASSWORD}", b"{}"))
    yield case("cookies", post(OBTAIN, ADA, Cookie="sessionid=x; csrftoken=y; refresh=z"))
    yield case("another origin", post(OBTAIN, ADA, Origin="https://elsewhere.example"))
    yield case("a bad token in the header", post(OBTAIN, ADA, Authorization="Bearer nonsense"))
    yield case("a method override", post(OBTAIN, ADA, X_HTTP_Method_Override="DELETE"))
    yield case("a language", post(OBTAIN, {}, Accept_Language="ko"))


def paths_and_methods():
    everywhere = (OBTAIN, REFRESH, VERIFY, BLACKLIST, SLIDING, SLIDING_REFRESH, LOGOUT, ME)
    for path in everywhere:
        for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"):
            yield case(f"{method} {path}", Request(method, path))
    for path in (ME, LOGOUT):
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "FETCH"):
            yield case(f"{method} {path} with a token", Request(method, path, tuple(bearer(mint("access")).items())))
    yield case("a made-up method", Request("FETCH", OBTAIN))
    yield case("a method in lower case", Request("post", OBTAIN, (("Content-Type", "application/json"),), b"{}"))
    for path in everywhere:
        yield case(f"POST {path[:-1]}", raw(path[:-1], b"{}"))
    yield case("GET without the slash, with a query", get("/api/me?next=/x&y=%20z"))
    yield case("PUT without the slash", Request("PUT", "/api/token/refresh"))
    for path in (
        "/",
        "/api/",
        "/api",
        "/api/token//",
        "/api//token/",
        "/API/token/",
        "/api/token/x/",
        "/api/token/refresh/x",
        "/nothing",
        "/api/token/;x",
    ):
        yield case(f"GET {path}", get(path))
    yield case("POST to nowhere", raw("/api/nothing/", b"{}"))
    yield case("POST to nowhere without the slash", raw("/api/nothing", b"{}"))
    yield case("a percent-encoded path", post("/api/%74oken/", ADA))
    yield case("a percent-encoded slash", post("/api%2Ftoken/", ADA))
    yield case("an empty query", post("/api/token/?", ADA))


def refresh_fields():
    def fields(name, body, instead=None):
        return case(f"refresh, {name}", post(REFRESH, body), instead=instead)

    yield fields("nothing", {})
    yield fields("null", {"refresh": None})
    yield fields("empty", {"refresh": ""})
    yield fields("blank", {"refresh": " \u3000 "})
    yield fields("a number", {"refresh": 12})
    yield fields("a float", {"refresh": 1.5})
    yield fields("true", {"refresh": True})
    yield fields("an array", {"refresh": [mint()]})
    yield fields("an object", {"refresh": {"token": mint()}})
    yield fields("NUL", {"refresh": "a\0"})
    yield fields("the wrong name", {"token": mint()})
    yield fields("garbage", {"refresh": "garbage"})
    yield fields("dots", {"refresh": ".."})
    yield fields("not ASCII", {"refresh": "토큰.토큰.토큰"})
    yield fields("emoji in a part", {"refresh": "eyJ\U0001f600.e30.x"})
    yield fields("with Bearer before", {"refresh": f"Bearer {mint()}"})
    yield fields("with blanks around", {"refresh": f" \n{mint()}\t "})
    yield fields("with a blank inside", {"refresh": mint().replace(".", ". ", 1)})
    yield fields("with a line break inside", {"refresh": mint().replace(".", ".\n", 1)})
    yield fields("in quotes", {"refresh": f'"{mint()}"'})
    yield fields("an access token as well", {"refresh": mint(), "access": 1})


def refresh_tokens():
    now = int(time.time())

    def token(name, text, instead=None):
        return case(f"refresh token, {name}", post(REFRESH, {"refresh": text}), instead=instead)

    yield token("good", mint())
    yield token("an access token", mint("access"))
    yield token("a sliding token", mint("sliding"))
    yield from claim_cases(token, "refresh", now)
    yield token("without a type", mint(drop=["token_type"]))
    yield token("type null", mint(token_type=None))
    yield token("type in another case", mint(token_type="Refresh"))
    yield token("type in a list", mint(token_type=["refresh"]))
    yield token("without an id", mint(drop=["jti"]), instead=crash())
    yield token("id empty", mint(jti=""))
    yield token("id a number", mint(jti=5))
    yield token("id null", mint(jti=None))
    unkept = Instead((401,), "an id has the 255 letters of its column at most")
    yield token("id of 300 letters", mint(jti="x" * 300), instead=unkept)
    yield token("id with unicode", mint(jti=f"토큰-{uuid.uuid4()}"))
    yield token("id upper-case", mint(jti=uuid.uuid4().hex.upper()))
    yield token("without a user", mint(drop=["user_id"]))
    yield token("user null", mint(user_id=None))
    rotating = crash(200, 400, 401, profiles=("rotating",))
    yield token("user empty", mint(user_id=""), instead=rotating)
    yield token("user 0", mint(user_id=0))
    yield token("user an integer", mint(user_id=1))
    yield token("user unknown", mint(user_id="999999"), instead=crash())
    yield token("user inactive", mint(user_id="3"))
    yield token("user a word", mint(user_id="ada"), instead=crash())
    yield token("user a list", mint(user_id=[1]), instead=crash())
    yield token("user an empty list", mint(user_id=[]), instead=rotating)
    yield token("user an object", mint(user_id={"id": 1}), instead=crash())
    yield token("user false", mint(user_id=False))
    yield token("user beyond 64 bits", mint(user_id=str(2**70)), instead=crash())
    yield token("user negative", mint(user_id="-1"), instead=crash())
    yield token(
        "claims of its own",
        mint(role="admin", nested={"a": [1, 2.5, None, True], "é": "한"}, big=2**60, text='a"b\\c\n\u2028'),
    )
    yield token("a claim of 2,000 letters", mint(note="n" * 2000))
    yield token("a claim named like a setting", mint(ACCESS="x", exp_="y"))
    for name, head in HEADERS.items():
        yield token(f"header {name}", sign_with(head))
    yield token("payload an array", sign("[]"))
    yield token("payload a string", sign('"x"'))
    yield token("payload no JSON", sign("nonsense"))
    yield token("payload empty", sign(""))
    twice = json.dumps(tokens.claims(mint()))[1:]
    yield token("payload with a claim twice", sign(f'{{"token_type": "access", {twice}'))
    yield token(
        "payload with NaN",
        sign(f'{{"token_type": "refresh", "exp": {now + 90}, "jti": "{uuid.uuid4().hex}", "x": NaN}}'),
        instead=Instead((200, 401), "NaN is no JSON"),
    )
    yield token("HS384", mint(algorithm="HS384"))
    yield token("HS512", mint(algorithm="HS512"))
    yield token("unsigned", mint(algorithm="none"))
    yield token("another key", mint(key="another-secret-key-0123456789-abcdefghij"))
    yield token("tampered", tokens.tampered(mint()))
    yield token("padded signature", mint() + "=", instead=Instead((200, 401), "JWS forbids padding"))
    yield token(
        "standard base64 alphabet",
        mint(x="???>>>~~~").replace("-", "+").replace("_", "/"),
        instead=Instead((200, 401), "JWS forbids it"),
    )
    good = mint()
    yield case("refresh token, the same twice", post(REFRESH, {"refresh": good}), post(REFRESH, {"refresh": good}))
    good = mint()
    yield case(
        "refresh token, blacklisted",
        post(BLACKLIST, {"refresh": good}),
        post(REFRESH, {"refresh": good}),
        post(VERIFY, {"token": good}),
    )


def claim_cases(token, kind, now):
    """Times, issuer and the other registered claims, for any kind of token."""
    yield token("expired", mint(kind, exp=now - 60))
    yield token("expires this second", mint(kind, exp=now))
    yield token("without exp", mint(kind, drop=["exp"]))
    yield token("exp null", mint(kind, exp=None))
    yield token("exp a float", mint(kind, exp=now + 90.75))
    yield token("exp text", mint(kind, exp=str(now + 90)), instead=crash())
    yield token("exp a word", mint(kind, exp="soon"))
    yield token("exp a list", mint(kind, exp=[now + 90]))
    yield token("exp true", mint(kind, exp=True))
    yield token("exp negative", mint(kind, exp=-1))
    yield token("exp in the year 9999", mint(kind, exp=253402300799))
    yield token("exp beyond the year 9999", mint(kind, exp=253402300800), instead=crash(200, 400, 401))
    yield token("exp beyond 64 bits", mint(kind, exp=2**70), instead=crash(200, 400, 401))
    yield token("without iat", mint(kind, drop=["iat"]))
    yield token("iat in the future", mint(kind, iat=now + 600))
    yield token("iat text", mint(kind, iat=str(now)))
    yield token("iat a word", mint(kind, iat="now"))
    yield token("iat null", mint(kind, iat=None))
    yield token("iat a float", mint(kind, iat=now - 0.5))
    yield token("nbf in the future", mint(kind, nbf=now + 600))
    yield token("nbf past", mint(kind, nbf=now - 600))
    yield token("nbf a word", mint(kind, nbf="later"))
    yield token("aud without need", mint(kind, aud="shop"))
    yield token("iss without need", mint(kind, iss="elsewhere"))
    yield token("sub text", mint(kind, sub="1"))
    yield token("sub a number", mint(kind, sub=1))
    yield token("sub null", mint(kind, sub=None))


HEADERS = {
    "without typ": '{"alg":"HS256"}',
    "with another typ": '{"alg":"HS256","typ":"at+jwt"}',
    "with a kid": '{"alg":"HS256","typ":"JWT","kid":"x"}',
    "with a kid that is a number": '{"alg":"HS256","typ":"JWT","kid":1}',
    "with crit": '{"alg":"HS256","typ":"JWT","crit":["x"],"x":1}',
    "with an empty crit": '{"alg":"HS256","typ":"JWT","crit":[]}',
    "with b64 false": '{"alg":"HS256","typ":"JWT","b64":false}',
    "with jku and jwk": '{"alg":"HS256","typ":"JWT","jku":"https://x.example","jwk":{}}',
    "with blanks": '{ "typ" : "JWT", "alg" : "HS256" }',
    "without alg": '{"typ":"JWT"}',
    "with alg null": '{"alg":null}',
    "with alg in lower case": '{"alg":"hs256"}',
    "with alg in a list": '{"alg":["HS256"]}',
    "an array": '["HS256"]',
    "empty": "",
    "no JSON": "HS256",
    "with alg twice": '{"alg":"none","alg":"HS256"}',
}


def sign_with(head):
    return tokens.sign_parts(head, json.dumps(tokens.claims(mint())))


def verify_and_blacklist():
    now = int(time.time())

    def verify(name, text, instead=None):
        return case(f"verify, {name}", post(VERIFY, {"token": text}), instead=instead)

    for body in ({}, {"token": None}, {"token": ""}, {"token": 7}, {"token": []}, {"refresh": mint()}, [], "x"):
        yield case(f"verify, fields {json.dumps(body)[:24]}", post(VERIFY, body))
    for kind in ("access", "refresh", "sliding"):
        yield verify(f"{kind} token", mint(kind))
    yield verify("unknown kind", mint(token_type="other"))
    yield verify("without a kind", mint(drop=["token_type"]))
    yield verify("without an id", mint(drop=["jti"]))
    yield verify("id empty", mint(jti=""))
    yield verify("id a number", mint(jti=5))
    yield verify("of an unknown user", mint(user_id="999999"))
    yield verify("of an inactive user", mint(user_id="3"))
    yield verify("nothing but exp and id", sign({"exp": now + 60, "jti": "x"}))
    yield from claim_cases(verify, "access", now)

    def blacklist(name, *bodies, instead=None):
        return case(f"blacklist, {name}", *(post(BLACKLIST, body) for body in bodies), instead=instead)

    good = {"refresh": mint()}
    yield blacklist("twice", good, good)
    for body in ({}, {"refresh": None}, {"refresh": ""}, {"refresh": 7}, {"refresh": {}}, {"token": mint()}, [1], None):
        yield blacklist(f"fields {json.dumps(body)[:24]}", body)
    yield blacklist("garbage", {"refresh": "garbage"})
    yield blacklist("an access token", {"refresh": mint("access")})
    yield blacklist("a sliding token", {"refresh": mint("sliding")})
    yield blacklist("expired", {"refresh": mint(exp=now - 60)})
    yield blacklist("of nobody", {"refresh": mint(drop=["user_id"])})
    yield blacklist("of an unknown user", {"refresh": mint(user_id="999999")})
    yield blacklist("of an inactive user", {"refresh": mint(user_id="3")})
    yield blacklist("of a user who is a word", {"refresh": mint(user_id="ada")}, instead=crash(200, 400, 401))
    yield blacklist("without an id", {"refresh": mint(drop=["jti"])}, instead=crash())
    yield blacklist("id empty, twice", {"refresh": mint(jti="")}, {"refresh": mint(jti="")})
    shared = uuid.uuid4().hex
    yield blacklist(
        "another token with the same id", {"refresh": mint(jti=shared)}, {"refresh": mint(jti=shared, user_id="2")}
    )


def sliding():
    now = int(time.time())

    def refresh(name, body, instead=None):
        return case(f"sliding refresh, {name}", post(SLIDING_REFRESH, body), instead=instead)

    yield case("sliding obtain", post(SLIDING, ADA))
    yield case("sliding obtain, nothing", post(SLIDING, {}))
    yield case("sliding obtain, wrong password", post(SLIDING, {**ADA, "password": "x"}))
    yield case("sliding obtain, inactive", post(SLIDING, {**ADA, "username": "ina"}))
    yield refresh("good", {"token": mint("sliding")})
    yield refresh("nothing", {})
    yield refresh("null", {"token": None})
    yield refresh("the wrong name", {"refresh": mint("sliding")})
    yield refresh("an access token", {"token": mint("access")})
    yield refresh("a refresh token", {"token": mint("refresh")})
    yield refresh("expired", {"token": mint("sliding", exp=now - 60)})
    yield refresh("window over", {"token": mint("sliding", refresh_exp=now - 60)})
    yield refresh("window closes this second", {"token": mint("sliding", refresh_exp=now)})
    yield refresh("no window", {"token": mint("sliding", drop=["refresh_exp"])})
    yield refresh("window text", {"token": mint("sliding", refresh_exp=str(now + 60))}, instead=crash())
    yield refresh("window a float", {"token": mint("sliding", refresh_exp=now + 60.5)})
    yield refresh("inactive user", {"token": mint("sliding", user_id="3")})
    yield refresh("unknown user", {"token": mint("sliding", user_id="999999")})
    yield refresh("claims of its own", {"token": mint("sliding", role="admin", n=[1, 2.0])})
    yield refresh("without an id", {"token": mint("sliding", drop=["jti"])}, instead=crash())


def me_headers():
    def header(name, value, instead=None):
        return case(f"me, header {name}", get(ME, Authorization=value), instead=instead)

    token = mint("access")
    yield case("me, no header", get(ME))
    yield header("good", f"Bearer {token}")
    yield header("empty", "")
    yield header("blank", "   ")
    yield header("scheme alone", "Bearer")
    yield header("scheme and blank", "Bearer ")
    yield header("three words", f"Bearer {token} x")
    yield header("several blanks", f"Bearer    {token}")
    yield header("a tab", f"Bearer\t{token}")
    yield header("blanks around", f"  Bearer {token}  ")
    yield header("lower case", f"bearer {token}")
    yield header("upper case", f"BEARER {token}")
    yield header("a colon", f"Bearer: {token}")
    yield header("a comma", f"Bearer,{token}")
    yield header("no scheme", token)
    yield header("another scheme", f"JWT {token}")
    yield header("Basic", "Basic YWRhOlBhNTUtd29yZCE=")
    yield header("Token", f"Token {token}")
    yield header("in quotes", f'Bearer "{token}"')
    yield header("garbage", "Bearer garbage")
    yield header("not ASCII", "Bearer \u00e9\u00ff")
    yield header("scheme not ASCII", f"B\u00e9arer {token}")
    yield header("a no-break space", f"Bearer\u00a0{token}")
    yield header("a dot", "Bearer .")
    twice = (("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}"))
    yield case("me, header twice", Request("GET", ME, twice), instead=Instead((401,), "a header given twice"))
    yield case("me, in the query", get(f"{ME}?token={token}&access_token={token}"))
    yield case("me, in a cookie", get(ME, Cookie=f"access={token}; jwt={token}"))
    yield case("me, in a header of its own", get(ME, X_Access_Token=token))
    yield case("me, posted", raw(ME, b"{}", **bearer(token)))
    yield case("me, posted with a bad body", raw(ME, b"{", **bearer(token)))
    yield case("me, posted as text", raw(ME, b"x", "text/plain", **bearer(token)))
    yield case("me, a bad body before a bad token", raw(ME, b"{", **bearer("x")))


def me_tokens():
    now = int(time.time())

    def token(name, text, instead=None):
        return case(f"me, {name}", get(ME, **bearer(text)), instead=instead)

    yield token("a refresh token", mint("refresh"))
    yield token("a sliding token", mint("sliding"))
    yield from claim_cases(token, "access", now)
    yield token("without a type", mint("access", drop=["token_type"]))
    yield token("without an id", mint("access", drop=["jti"]))
    yield token("id empty", mint("access", jti=""))
    yield token("id a number", mint("access", jti=5))
    yield token("without a user", mint("access", drop=["user_id"]))
    yield token("user null", mint("access", user_id=None))
    yield token("user empty", mint("access", user_id=""), instead=crash())
    yield token("user 0", mint("access", user_id=0))
    yield token("user an integer", mint("access", user_id=2))
    yield token(
        "user a float", mint("access", user_id=1.5), instead=Instead((200, 401), "Django cuts the fraction off")
    )
    yield token("user true", mint("access", user_id=True), instead=Instead((200, 401), "Python counts it as 1"))
    yield token("user with a plus", mint("access", user_id="+1"), instead=Instead((200, 401), "lenient number parsing"))
    yield token(
        "user with an underscore", mint("access", user_id="0_1"), instead=Instead((200, 401), "lenient number parsing")
    )
    yield token(
        "user in other digits", mint("access", user_id="\u0661"), instead=Instead((200, 401), "lenient number parsing")
    )
    yield token("user a word", mint("access", user_id="ada"), instead=crash())
    yield token("user a list", mint("access", user_id=[1]), instead=crash())
    yield token("user an object", mint("access", user_id={}), instead=crash())
    yield token("user unknown", mint("access", user_id="999999"))
    yield token("user negative", mint("access", user_id="-1"))
    yield token("user beyond 64 bits", mint("access", user_id=str(2**70)))
    yield token("user inactive", mint("access", user_id="3"))
    yield token("user of another script", mint("access", user_id="4"))
    yield token("tampered", tokens.tampered(mint("access")))
    yield token("HS512", mint("access", algorithm="HS512"))
    yield token("unsigned", mint("access", algorithm="none"))


def logout():
    now = int(time.time())

    def body(name, *bodies, user="1", instead=None):
        caller = bearer(mint("access", user))
        return case(f"logout, {name}", *(post(LOGOUT, fields, **caller) for fields in bodies), instead=instead)

    yield case("logout, nobody", post(LOGOUT, {"refresh_token": mint()}))
    yield case("logout, nobody with a bad body", raw(LOGOUT, b"{"))
    yield case("logout, a refresh token in the header", post(LOGOUT, {}, **bearer(mint())))
    good = {"refresh_token": mint()}
    yield body("one", good)
    twice = {"refresh_token": mint()}
    yield body("twice", twice, twice)
    yield body("garbage", {"refresh_token": "garbage"})
    yield body("an access token", {"refresh_token": mint("access")})
    yield body("expired", {"refresh_token": mint(exp=now - 60)})
    yield body("empty text", {"refresh_token": ""})
    yield body("a number", {"refresh_token": 5})
    yield body("neither field", {})
    yield body("null", {"refresh_token": None})
    yield body("all false", {"all": False, "refresh_token": mint()})
    yield body("all 0", {"all": 0, "refresh_token": mint()})
    yield body("all empty", {"all": "", "refresh_token": mint()})
    yield body("all an empty list", {"all": [], "refresh_token": mint()})
    for value in (True, 1, "false", "0", [0], {"x": 1}, 0.5):
        yield body(f"all {json.dumps(value)}", {"all": value, "refresh_token": "not read"}, user="19")
    yield body("an array", [good], instead=crash(400))
    yield body("a string", "x", instead=crash(400))
    yield body("null body", None, instead=crash(200, 400))
    caller = bearer(mint("access", "18"))
    yield case("logout, a bad body", raw(LOGOUT, b"{", **caller))
    yield case("logout, text", raw(LOGOUT, b"x", "text/plain", **caller))
    yield case(
        "logout, a form",
        raw(LOGOUT, f"refresh_token={mint(user_id='18')}".encode(), "application/x-www-form-urlencoded", **caller),
    )
    yield case("logout, all in a form", raw(LOGOUT, b"all=false", "application/x-www-form-urlencoded", **caller))
    yield case("logout, no body", raw(LOGOUT, b"", None, **caller))
