"""Password hashes travel both ways, and both servers agree when one is out of date."""

import json

import pytest
from argon2.low_level import Type, hash_secret
from django.contrib.auth.hashers import (
    BCryptPasswordHasher,
    BCryptSHA256PasswordHasher,
    PBKDF2PasswordHasher,
    PBKDF2SHA1PasswordHasher,
    ScryptPasswordHasher,
    verify_password,
)
from django.test import override_settings

from reference import hashers
from servers import DjangoSite, Jeton

PASSWORD = "pa\u0161\u0161w\u00f6rd \u97d3\u56fd \U0001f511 x"
SALT = "interopinteropinterop1"

# What each stance prefers.
PREFERRED = {"exact": "pbkdf2_sha256", "safe": "argon2"}

# More than the 72 bytes that bcrypt reads, and what shares so much of its beginning with it or less.
LONG = "\u00e9" * 40
LIKE_LONG = {"whole": LONG, "36": LONG[:36], "36-and-more": LONG[:36] + "x", "35": LONG[:35], "35-and-x": LONG[:35] + "x"}

# Django's own forms that only are read, beside those that both servers write.
READ_ONLY = [
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]


def log_in(server, username, password=PASSWORD):
    return server.post("/api/token/", {"username": username, "password": password}).status == 200


def pbkdf2(iterations, salt=SALT):
    return PBKDF2PasswordHasher().encode(PASSWORD, salt, iterations)


def argon2(memory=19_456, time=2, lanes=1, length=32, variety=Type.ID, version=19, salt=SALT):
    made = hash_secret(
        PASSWORD.encode(),
        salt.encode(),
        memory_cost=memory,
        time_cost=time,
        parallelism=lanes,
        hash_len=length,
        type=variety,
        version=version,
    )
    return "argon2" + made.decode()


def sha1(iterations, salt=SALT):
    return PBKDF2SHA1PasswordHasher().encode(PASSWORD, salt, iterations)


def bcrypt(hasher=BCryptPasswordHasher, cost=4, version="2b", password=PASSWORD):
    return hasher().encode(password, f"${version}${cost:02}${SALT[:21]}u".encode())


def scrypt(n=1024, r=8, p=1, salt=SALT):
    return ScryptPasswordHasher().encode(PASSWORD, salt, n, r, p)


def stored_passwords():
    """Hashes of one password, as Django and argon2's own library make them, and what only looks like one."""
    current = pbkdf2(hashers.ITERATIONS)
    digested, plain = bcrypt(BCryptSHA256PasswordHasher), bcrypt()
    return {
        "pbkdf2": current,
        "pbkdf2-fewer": pbkdf2(hashers.ITERATIONS - 1),
        "pbkdf2-one": pbkdf2(1),
        "pbkdf2-more": pbkdf2(hashers.ITERATIONS + 1),
        "pbkdf2-short-salt": pbkdf2(hashers.ITERATIONS, SALT[:21]),
        "pbkdf2-old-salt": pbkdf2(hashers.ITERATIONS, SALT[:12]),
        "pbkdf2-long-salt": pbkdf2(hashers.ITERATIONS, SALT + "more"),
        "argon2": argon2(),
        "argon2-django": argon2(memory=102_400, lanes=8),
        "argon2-less-memory": argon2(memory=8_192),
        "argon2-more-time": argon2(time=3),
        "argon2-two-lanes": argon2(lanes=2),
        "argon2-short-hash": argon2(length=16),
        "argon2i": argon2(variety=Type.I),
        "argon2d": argon2(variety=Type.D),
        "argon2-version-16": argon2(version=16),
        "argon2-short-salt": argon2(salt=SALT[:21]),
        "sha1": sha1(hashers.ITERATIONS),
        "sha1-one": sha1(1),
        "sha1-old-salt": sha1(hashers.ITERATIONS, SALT[:12]),
        "sha1-django": sha1(1_000_000),
        "bcrypt-sha256": digested,
        "bcrypt-sha256-django": bcrypt(BCryptSHA256PasswordHasher, 12),
        "bcrypt-sha256-2a": bcrypt(BCryptSHA256PasswordHasher, 5, "2a"),
        "bcrypt": plain,
        "bcrypt-django": bcrypt(cost=12),
        "bcrypt-2y": bcrypt(version="2y"),
        "scrypt": scrypt(),
        "scrypt-django": ScryptPasswordHasher().encode(PASSWORD, SALT),
        "scrypt-little": scrypt(2, 1, 1),
        "scrypt-odd": scrypt(64, 3, 7, "\u00e9\ud55c"),
        "empty": "",
        "unusable": "!" + "x" * 40,
        "unusable-hash": "!" + current,
        "unknown": current.replace("pbkdf2_sha256", "rot13"),
        "unpadded": current.rstrip("="),
        "leading-zero": current.replace(f"${hashers.ITERATIONS}$", f"$0{hashers.ITERATIONS}$"),
        "cut": argon2()[:-3],
        "sha1-unpadded": sha1(hashers.ITERATIONS).rstrip("="),
        "sha1-called-sha256": sha1(hashers.ITERATIONS).replace("sha1", "sha256"),
        "bcrypt-called-sha256": plain.replace("bcrypt", "bcrypt_sha256"),
        "bcrypt-sha256-called-bcrypt": digested.replace("bcrypt_sha256", "bcrypt"),
        "bcrypt-one-digit": plain.replace("$04$", "$4$"),
        "bcrypt-cost-32": plain.replace("$04$", "$32$"),
        "bcrypt-cut": plain[:-1],
        "bcrypt-not-ascii": plain[:-1] + "\u00e9",
        "bcrypt-salt-not-ascii": plain.replace("interop", "inter\u00f6p", 1),
        "scrypt-unpadded": scrypt().rstrip("="),
        "scrypt-salt-last": scrypt().replace(f"$1024${SALT}$8$1$", f"$1024$8$1${SALT}$"),
        "scrypt-n-odd": scrypt().replace("$1024$", "$1023$"),
        "md5": "md5$salt$" + "0" * 32,
    }


def long_passwords():
    kinds = {"long-bcrypt": BCryptPasswordHasher, "long-bcrypt-sha256": BCryptSHA256PasswordHasher}
    return {name: bcrypt(hasher, password=LONG) for name, hasher in kinds.items()}


@pytest.fixture(scope="module", autouse=True)
def every_hasher(hashing):
    """Django in this process reads all of its forms, as a site with its default list and bcrypt's does."""
    with override_settings(PASSWORD_HASHERS=[hashers.PBKDF2, hashers.ARGON2, *READ_ONLY]):
        yield


@pytest.fixture(scope="module")
def stored(every_hasher):
    return stored_passwords()


@pytest.fixture(scope="module", params=["exact", "safe"])
def stance(request):
    return request.param


@pytest.fixture(scope="module")
def jeton(stance, stored, tmp_path_factory):
    users = [
        {"id": number, "username": name, "password_hash": text} for number, (name, text) in enumerate(stored.items(), 1)
    ]
    users += [
        {"username": f"{name}-{like}", "password_hash": text}
        for name, text in long_passwords().items()
        for like in LIKE_LONG
    ]
    users += [{"username": "fresh", "password": PASSWORD}, {"username": "blank", "password": "  blanks around  "}]
    server = Jeton(tmp_path_factory.mktemp(f"passwords-{stance}"), users, compatibility=stance)
    yield server
    assert server.stop() == 0


def judge(text, preferred):
    """Django's own verdict: whether it matches, and whether Django would store it anew."""
    try:
        return verify_password(PASSWORD, text, preferred=preferred)
    except Exception:
        # Where Django cannot read a hash of its own kind it crashes; nobody gets in that way either.
        return False, False


def test_django_s_hashes_log_in_at_jeton_and_are_rehashed_by_django_s_rule(jeton, stance, stored):
    """One log-in for each hash. `must_update` is Django's; the row tells what Jeton did."""
    from django.contrib.auth.hashers import get_hasher

    preferred = get_hasher(PREFERRED[stance])
    different = []
    for name, text in stored.items():
        matches, must_update = judge(text, preferred)
        entered = log_in(jeton, name)
        after = jeton.stored_password(name)
        if (entered, after != text) != (matches, matches and must_update):
            different.append(f"{name}: Django {matches, matches and must_update}, Jeton {entered, after != text}")
            continue
        if after != text:
            assert judge(after, preferred) == (True, False), f"{name}: the new hash is not as Django would make it"
            assert log_in(jeton, name) and jeton.stored_password(name) == after, f"{name}: once is enough"
    assert not different, "\n".join(different)


def test_a_wrong_password_changes_nothing(jeton, stored):
    for name in ("pbkdf2-one", "argon2i", "sha1", "bcrypt", "bcrypt-sha256", "scrypt", "unusable"):
        before = jeton.stored_password(name)
        assert not log_in(jeton, name, PASSWORD + "!")
        assert jeton.stored_password(name) == before


def test_of_a_long_password_bcrypt_reads_as_much_as_at_django(jeton, stance):
    """72 bytes, unless it is given the digest. What is stored anew is the password that was typed."""
    for name, text in long_passwords().items():
        for like, password in LIKE_LONG.items():
            matches, _ = verify_password(password, text, preferred=PREFERRED[stance])
            assert matches == (like == "whole" or (name == "long-bcrypt" and like.startswith("36"))), f"{name} {like}"
            assert log_in(jeton, f"{name}-{like}", password) == matches, f"{name} {like}"


def test_jeton_s_hashes_are_django_s(jeton, stance, tmp_path):
    """Made by Jeton, checked by Django's hashers, then by logging in at a Django site that holds the very row."""
    text = jeton.stored_password("fresh")
    algorithm = PREFERRED[stance]
    assert text.split("$")[0] == algorithm and len(text) <= 128
    assert verify_password(PASSWORD, text, preferred=algorithm) == (True, False)
    assert verify_password(PASSWORD + " ", text, preferred=algorithm)[0] is False
    assert log_in(jeton, "fresh")

    preferred = {"pbkdf2_sha256": hashers.PBKDF2, "argon2": hashers.ARGON2}[algorithm]
    django = DjangoSite(tmp_path, [{"id": 1, "username": "fresh", "password_hash": text}], preferred=preferred)
    try:
        assert log_in(django, "fresh") and not log_in(django, "fresh", "wrong")
        assert django.stored_password("fresh") == text, "Django sees no reason to hash it anew"
    finally:
        django.stop()


def test_hashes_of_one_password_are_never_alike(jeton):
    jeton.run("user", "import", "-", stdin=json.dumps([{"username": "fresh2", "password": PASSWORD}]))
    assert jeton.stored_password("fresh2") != jeton.stored_password("fresh")
    shown = json.loads(jeton.run("user", "show", "fresh2", "--json"))
    assert shown["username"] == "fresh2"
    assert PASSWORD not in json.dumps(shown) and jeton.stored_password("fresh2") not in json.dumps(shown)


def test_blanks_around_a_password_count_in_safe_and_are_cut_off_in_exact(jeton, stance):
    """Simple JWT trims, so such a user can never log in there; Jeton's safe stance does not."""
    assert log_in(jeton, "blank", "  blanks around  ") == (stance == "safe")
    assert not log_in(jeton, "blank", "blanks around")
