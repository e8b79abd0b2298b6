"""Jeton and a real Django site side by side, with one secret key and the same users.

Each pair of servers is started when a test first asks for it, and stopped at the end of the run. Run by
`cargo xtask test`, or by hand: `python -m pytest tests/interop`, with JETON_BIN naming the binary if it is not
`target/release/jeton`.
"""

import dataclasses

import pytest

import algorithms
from servers import DjangoSite, Jeton, jeton_binary

PASSWORD = "Pa55-word!"

PROFILES = {
    "plain": {},
    "rotating": {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True},
    "sliding": {
        "AUTH_TOKEN_CLASSES": [
            "rest_framework_simplejwt.tokens.AccessToken",
            "rest_framework_simplejwt.tokens.SlidingToken",
        ],
    },
    "dressed": {
        "ACCESS_TOKEN_LIFETIME": 600,
        "REFRESH_TOKEN_LIFETIME": 7200,
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
        "UPDATE_LAST_LOGIN": True,
        "AUDIENCE": ["shop", "forum"],
        "ISSUER": "https://login.example",
        "LEEWAY": 30,
        "AUTH_HEADER_TYPES": ["JWT", "Bearer"],
        "AUTH_HEADER_NAME": "HTTP_X_ACCESS_TOKEN",
        "USER_ID_FIELD": "username",
        "USER_ID_CLAIM": "uid",
        "TOKEN_TYPE_CLAIM": "kind",
        "JTI_CLAIM": "tid",
        "CHECK_REVOKE_TOKEN": True,
        "REVOKE_TOKEN_CLAIM": "pwd",
    },
}

# What differs from one site to the next beside Simple JWT's settings: who may come in how, and the language.
SITES = {
    "session first": {"classes": ["session", "jwt"]},
    "stacked": {"classes": ["basic", "session", "token", "jwt"]},
    "token first": {"classes": ["token", "basic", "jwt"]},
    "hand-made": {"classes": ["jwt_header"]},
    "korean": {"classes": ["token", "session", "basic", "jwt"], "language": "ko-kr"},
}


def pytest_sessionstart():
    try:
        jeton_binary()
    except FileNotFoundError as missing:
        pytest.exit(str(missing), returncode=1)


@dataclasses.dataclass(frozen=True)
class Pair:
    """The two servers of one profile."""

    jeton: Jeton
    django: DjangoSite


@pytest.fixture(scope="session")
def users():
    from django.contrib.auth.hashers import make_password

    def stored(password):
        return make_password(password, salt="interopinteropinterop1", hasher="pbkdf2_sha256")

    def user(number, username, password=PASSWORD, **fields):
        return {"id": number, "username": username, "password_hash": stored(password), **fields}

    return [
        user(1, "ada", email="ada@example.com"),
        user(2, "bob"),
        user(3, "ina", is_active=False),
        user(4, "민정", "비밀번호-1234"),
        user(5, "12345", "67.5"),
        user(6, "padded", "  blanks around  "),
        user(7, "true", "inf"),
        *(user(10 + number, f"user{number}") for number in range(10)),
    ]


@pytest.fixture(scope="session", autouse=True)
def hashing():
    """Django's hashers in this process too, for what needs no server."""
    import django
    from django.conf import settings

    from reference import hashers

    settings.configure(PASSWORD_HASHERS=[hashers.PBKDF2, hashers.ARGON2])
    django.setup()


@pytest.fixture(scope="session")
def start(tmp_path_factory, users, hashing):
    """`start(profile, compatibility)` gives the pair, the same one each time."""
    pairs, failures = {}, {}

    def start(profile="plain", compatibility="exact"):
        key = (profile, compatibility)
        if key in failures:
            pytest.fail(failures[key], pytrace=False)
        if key not in pairs:
            try:
                pairs[key] = launch(profile, compatibility)
            except Exception as failure:
                failures[key] = f"the servers did not start: {failure}"
                raise
        return pairs[key]

    def launch(profile, compatibility):
        folder = tmp_path_factory.mktemp(f"{profile}-{compatibility}")
        for name in ("jeton", "django"):
            (folder / name).mkdir()
        site = SITES.get(profile, {})
        settings = {} if site else PROFILES[profile] if profile in PROFILES else algorithms.profile(profile)
        django = DjangoSite(folder / "django", users, settings, **site)
        try:
            return Pair(Jeton(folder / "jeton", users, settings, compatibility=compatibility, **site), django)
        except Exception:
            django.stop()
            raise

    yield start
    statuses = {key: (pair.jeton.stop(), pair.django.stop())[0] for key, pair in pairs.items()}
    assert not any(statuses.values()), f"Jeton did not end cleanly: {statuses}"


@pytest.fixture(params=["from Jeton to Django", "from Django to Jeton"])
def journey(request):
    """Which way tokens travel: `journey(pair)` is the server that issues and the one that is shown the token."""
    to_django = request.param == "from Jeton to Django"
    return lambda pair: (pair.jeton, pair.django) if to_django else (pair.django, pair.jeton)
