"""The language of an answer: Django and Jeton choose the same one, whatever a request asks for, and say the same in it."""

import dataclasses
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.utils.translation import to_language
from django.utils.translation.trans_real import get_language_from_request

from cases import all_cases
from servers import HERE, ROOT, DjangoSite, Jeton
from test_answers import asked, compare
from wire import get

TAGS = (
    "ko ko-kr ko-KR KO en en-us en-GB fr fr-ca de-AT zh zh-cn zh-CN zh-tw zh-hant zh-Hant-TW zh-hk zh-mo zh-hans-sg "
    "es-419 es-mx es-ES pt pt-PT pt-br sr-Latn-RS sr-cyrl no nb nn-NO iw he xx xx-yy x-klingon i-default art-lojban "
    "a aa-bb-cc-dd toolonglang en-toolongsubtag 12 e1 * ko_KR ko@x"
).split()
WEIGHTS = ["", "", "", ";q=1", ";q=0", ";q=0.5", ";q=0.55", ";q=0.555", ";q=0.5555", ";Q=0.3", "; q=0.9", " ;q=0.2"] + [
    ";q=1.0", ";q=1.001", ";q=2", ";q=", ";q=.5", ";q=0.", ";level=1", ";q=0.5;x", ";q=-1", ";"
]
COMMAS = [",", ",", ", ", ", ", " , ", ",,", ";", " ", "\t,"]
COOKIES = [None, None, None, "ko", "KO", "ko-KR", "xx", "", "fr", "zh-cn", "ZH-CN", "zh-Hans", "en-us-x", '"de"', "ko-" * 200]


def headers():
    """Headers as browsers send them, and as nobody should, the same ones each time."""
    chance = random.Random(20261121)
    yield ""
    yield ",".join(["xx;q=0.9"] * 60 + ["ko"])
    yield "ko," + "x" * 600
    yield "x" * 600
    yield "ko-" + "-".join(["aaaaaaa"] * 100)
    for _ in range(600):
        parts = [chance.choice(TAGS) + chance.choice(WEIGHTS) for _ in range(chance.randint(1, 5))]
        header = parts[0]
        for part in parts[1:]:
            header += chance.choice(COMMAS) + part
        yield header.strip()


@pytest.fixture(scope="module")
def django(tmp_path_factory, users):
    site = DjangoSite(tmp_path_factory.mktemp("languages-django"), users, negotiates_language=True)
    yield site
    site.stop()


@pytest.fixture(scope="module")
def jeton(tmp_path_factory, users):
    site = Jeton(tmp_path_factory.mktemp("languages"), users, tables={"languages": {"negotiated": True}})
    yield site
    assert site.stop() == 0


def test_every_header_and_cookie_gets_the_language_that_django_chooses(jeton):
    chance = random.Random(7)
    differences = []
    for header in headers():
        cookie = chance.choice(COOKIES)
        request = {"Accept-Language": header, **({} if cookie is None else {"Cookie": f"django_language={cookie}"})}
        answer = jeton.send(get("/healthz", **request))
        meta = SimpleNamespace(
            COOKIES={} if cookie is None else {"django_language": cookie.strip('"')},
            META={"HTTP_ACCEPT_LANGUAGE": header},
        )
        expected = to_language(get_language_from_request(meta))
        given = answer.header("Content-Language")
        if given != expected:
            differences.append(f"{cookie!r} {header!r}: Django {expected}, Jeton {given}")
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("language", ["ko", "pl", "zh-TW"])
def test_both_say_the_same_in_each_language(django, jeton, language):
    different = []
    for case in all_cases():
        # Where Jeton is not to follow, another test says what it does instead.
        if case.instead:
            continue
        for request in case.requests:
            request = dataclasses.replace(request, headers=(*request.headers, ("Accept-Language", language)))
            wanted, given = django.send(request), jeton.send(request)
            lines = compare(wanted, given)
            if wanted.header("Content-Language") != given.header("Content-Language"):
                lines.append(f"  Content-Language: {wanted.header('Content-Language')}, {given.header('Content-Language')}")
            if "Accept-Language" not in given.header("Vary"):
                lines.append("  Vary lacks Accept-Language")
            if lines:
                different.append("\n".join([f"{case.name}: {asked(request)}", *lines]))
    assert not different, "\n".join(different)


def test_the_texts_are_those_of_the_installed_django_drf_and_simple_jwt():
    """If this fails after an upgrade: run languages.py, as its first lines say."""
    done = subprocess.run([sys.executable, HERE / "languages.py"], capture_output=True, text=True, check=True, timeout=120)
    kept = (ROOT / "crates/jeton/src/languages/reference.txt").read_text()
    assert done.stdout == kept
