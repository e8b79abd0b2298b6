"""Records what Django says of names, addresses and passwords, for crates/jeton/tests/it/django_rules.rs.

    python record_rules.py > ../../crates/jeton/tests/it/django_rules.json

The corpus is made with a fixed seed: good ones, bad ones, and good ones with something wrong put into them.
"""

import gzip
import json
import random
import unicodedata
from pathlib import Path

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"], USE_I18N=False)
django.setup()

from django.contrib.auth import password_validation  # noqa: E402
from django.contrib.auth.models import User, UserManager  # noqa: E402
from django.contrib.auth.validators import UnicodeUsernameValidator  # noqa: E402
from django.core.exceptions import ValidationError  # noqa: E402
from django.core.validators import validate_email  # noqa: E402

RANDOM = random.Random(20261121)
ODD = (
    "\x00\t\n\x0b\x1f \x7f\x80\x85\xa0\xa1\xadªµßÀəıİſKΣς߀é́ेำ​‎⁠ㅤᅟﾠﬁﷺ½²Ⅻ〇一민　ｗＡ￿𐐀𝟘🔑\U000e0001\U0010ffff"
    "-_.@+!\"#$%&'()*,/:;<=>?[\\]^`{|}~"
)
VALIDATORS = password_validation.get_password_validators(
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
)


def letter():
    roll = RANDOM.random()
    if roll < 0.4:
        return RANDOM.choice("abcxyzABZ0189")
    if roll < 0.8:
        return RANDOM.choice(ODD)
    while True:
        code = RANDOM.choice((RANDOM.randrange(0x3000), RANDOM.randrange(0x30000)))
        # What Unicode has named since Python 3.11 would be judged by age alone.
        if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) != "Cn":
            return chr(code)


def mutated(text):
    letters = list(text)
    for _ in range(RANDOM.randrange(1, 4)):
        at = RANDOM.randrange(len(letters) + 1)
        roll = RANDOM.random()
        if roll < 0.5 or not letters:
            letters.insert(at, letter())
        elif roll < 0.75:
            letters[at % len(letters)] = letter()
        else:
            del letters[at % len(letters)]
    return "".join(letters)


def is_good(validator, value):
    try:
        validator(value)
    except ValidationError:
        return False
    return True


def usernames():
    seeds = ["alice", "a.b+c@d-e_f", "민정", "ｗｉｄｅ", "Ünïcode", "ﬁnn", "١٢٣", "Ἀθηνᾶ"]
    yield from seeds
    yield from ODD
    for _ in range(400):
        yield mutated(RANDOM.choice(seeds))


def emails():
    long = "a" * 63
    seeds = [
        "alice@example.com", "a.b+c@sub.example.co.uk", '"quoted"@example.com', '"a\\ b"@example.com', "x@localhost",
        "x@[127.0.0.1]", "x@[::1]", "x@[::ffff:1.2.3.4]", "x@예시.한국", "x@xn--3e0b707e.xn--3e0b707e",
        f"x@{long}.com", f"x@a{long}.com", f"x@example.{long}", f"x@example.a{long}", f"x@example.xn--{long[:59]}",
        f"x@example.xn--{long[:60]}", "x@1.2.3.4", "x@example.c0m", "x@LOCALHOST", "x@[01.2.3.4]", "x@[1:2:3:4:5:6:7::]",
        "x@[::1%1]", "@example.com", "x@", "x", "", "a@b@c.de", "x@[1.2.3.4", "x@1.2.3.4]", "x@a.-b.de", "x@a.b-.de", "x@-a.de",
    ]
    yield from seeds
    yield from (f"{letter}@example.com" for letter in ODD)
    yield from (f'"{letter}"@example.com' for letter in ODD)
    yield from (f'"\\{letter}"@example.com' for letter in ODD)
    yield from (f"x@{letter}.com" for letter in ODD)
    yield from (f"x@example.a{letter}" for letter in ODD)
    for _ in range(500):
        yield mutated(RANDOM.choice(seeds))


def passwords():
    path = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        common = [line.strip() for line in lines]
    people = [
        {"username": "janedoe99"},
        {"username": "alice", "email": "alice.cooper@example.com"},
        {"username": "x", "first_name": "Bartholomew", "last_name": "O'Connor-Smith", "email": "barty@mail.example.org"},
        {"username": "민정이네집", "email": "min@example.com"},
        {"username": "İstanbul2026", "first_name": "ΟΔΟΣ"},
    ]
    for person in people:
        words = " ".join(person.values()).replace("@", " ").replace(".", " ").split()
        for word in words:
            for password in (word, word.upper(), word[::-1], word + "1", word * 2, "9" + word[1:], word[: len(word) // 2 + 1]):
                yield password, person
        for _ in range(60):
            yield mutated(RANDOM.choice(words)), person
            yield mutated(mutated(RANDOM.choice(words))), person
        for _ in range(30):
            yield RANDOM.choice(common), person
            yield f" {RANDOM.choice(common).upper()}\t", person
            yield mutated(RANDOM.choice(common)), person
            yield "".join(RANDOM.choice("0123456789٠²①½") for _ in range(RANDOM.randrange(1, 12))), person
            yield "".join(letter() for _ in range(RANDOM.randrange(1, 16))), person


def messages(password, person):
    try:
        password_validation.validate_password(password, User(**person), VALIDATORS)
    except ValidationError as error:
        return error.messages
    return []


rule = UnicodeUsernameValidator()
record = {
    "usernames": [[name, is_good(rule, name), User.normalize_username(name)] for name in usernames()],
    "emails": [[email, is_good(validate_email, email), UserManager.normalize_email(email)] for email in emails()],
    "passwords": [[password, person, messages(password, person)] for password, person in passwords() if password],
}
lines = [f' "{kind}": [\n  ' + ",\n  ".join(json.dumps(case) for case in cases) + "\n ]" for kind, cases in record.items()]
print("{\n" + ",\n".join(lines) + "\n}")
