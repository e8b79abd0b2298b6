"""Password hashes travel both ways, and both servers agree when one is out of date."""

import json

import pytest
from argon2.low_level import Type, hash_secret
from django.contrib.auth.hashers import PBKDF2PasswordHasher, verify_password

from reference import hashers
from servers import DjangoSite, Jeton

PASSWORD = "pa\u0161\u0161w\u00f6rd \u97d3\u56fd \U0001f511 x"
SALT = "interopinteropinterop1"

# What each stance prefers.
PREFERRED = {"exact": "pbkdf2_sha256", "safe": "argon2"}


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


def stored_passwords():
    """Hashes of one password, as Django and argon2's own library make them, and what only looks like one."""
    current = pbkdf2(hashers.ITERATIONS)
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
        "empty": "",
        "unusable": "!" + "x" * 40,
        "unusable-hash": "!" + current,
        "unknown": current.replace("pbkdf2_sha256", "rot13"),
        "unpadded": current.rstrip("="),
        "leading-zero": current.replace(f"${hashers.ITERATIONS}$", f"$0{hashers.ITERATIONS}$"),
        "cut": argon2()[:-3],
    }


@pytest.fixture(scope="module")
def stored():
    return stored_passwords()


@pytest.fixture(scope="module", params=["exact", "safe"])
def stance(request):
    return request.param


@pytest.fixture(scope="module")
def jeton(stance, stored, tmp_path_factory):
    users = [
        {"id": number, "username": name, "password_hash": text} for number, (name, text) in enumerate(stored.items(), 1)
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
    for name in ("pbkdf2-one", "argon2i", "unusable"):
        before = jeton.stored_password(name)
        assert not log_in(jeton, name, PASSWORD + "!")
        assert jeton.stored_password(name) == before


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
