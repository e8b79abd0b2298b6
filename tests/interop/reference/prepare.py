"""Makes the site's tables and the users given as JSON on standard input."""

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

call_command("migrate", verbosity=0)
for fields in json.load(sys.stdin):
    stored = fields.pop("password_hash", None)
    password = fields.pop("password", None)
    user = User(**fields)
    if stored is None:
        user.set_password(password)
    else:
        user.password = stored
    user.save()
