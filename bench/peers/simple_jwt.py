"""PyJWT and Simple JWT as peers of the bench; bench/src/peer.rs has the protocol."""

import json
import sys
import time
from itertools import cycle

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

setup = json.loads(sys.stdin.readline())
secret = setup["secret"]
tokens = cycle(setup["tokens"])
payloads = cycle([json.loads(payload) for payload in setup["payloads"]])

cases = [
    ("HS256 verify", f"PyJWT {jwt.__version__}", lambda: jwt.decode(next(tokens), secret, algorithms=["HS256"])),
    ("HS256 mint", f"PyJWT {jwt.__version__}", lambda: jwt.encode(next(payloads), secret, algorithm="HS256")),
]

for pair in setup["pairs"]:

    def pair_cases(algorithm, private, public, token, payload):
        name = f"PyJWT {jwt.__version__}"
        return [
            (f"{algorithm} verify", name, lambda: jwt.decode(token, public, algorithms=[algorithm])),
            (f"{algorithm} mint", name, lambda: jwt.encode(payload, private, algorithm=algorithm)),
        ]

    algorithm = pair["algorithm"]
    private = load_pem_private_key(pair["private_pem"].encode(), None)
    cases += pair_cases(algorithm, private, private.public_key(), pair["token"], pair["payload"])

try:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY=secret,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        SIMPLE_JWT={"SIGNING_KEY": secret},
        USE_TZ=True,
    )
    django.setup()
    import rest_framework_simplejwt
    from rest_framework_simplejwt.tokens import AccessToken

    class User:
        """As much of a user as a token needs."""

        id = 1
        is_active = True

    def mint():
        return str(AccessToken.for_user(User))

    mint()
    name = f"Simple JWT {rest_framework_simplejwt.__version__}, AccessToken"
    cases.append(("HS256 verify", name, lambda: AccessToken(next(tokens))))
    cases.append(("HS256 mint", name, mint))

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from rest_framework_simplejwt.backends import TokenBackend

    for pair in setup["pairs"]:

        def access_token(pair):
            private = load_pem_private_key(pair["private_pem"].encode(), None)
            public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            backend = TokenBackend(pair["algorithm"], pair["private_pem"], public)

            class PairToken(AccessToken):
                """An access token of this key pair."""

                _token_backend = backend

            return PairToken

        def pair_cases(kind, algorithm, token):
            return [
                (f"{algorithm} verify", name, lambda: kind(token)),
                (f"{algorithm} mint", name, lambda: str(kind.for_user(User))),
            ]

        cases += pair_cases(access_token(pair), pair["algorithm"], pair["token"])
except ImportError:
    pass

print(json.dumps([case[:2] for case in cases]), flush=True)
for line in sys.stdin:
    index, times = map(int, line.split())
    work = cases[index][2]
    start = time.thread_time_ns()
    for _ in range(times):
        work()
    print(time.thread_time_ns() - start, flush=True)
