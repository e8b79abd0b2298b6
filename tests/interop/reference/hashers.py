"""Django's hashers at the costs that Jeton is set to in these tests."""

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

ITERATIONS = 5_000
PBKDF2 = "reference.hashers.Pbkdf2"
ARGON2 = "reference.hashers.Argon2"


class Pbkdf2(PBKDF2PasswordHasher):
    iterations = ITERATIONS


class Argon2(Argon2PasswordHasher):
    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
