"""Settings of the site; what differs from one test to the next comes from the JSON file named by INTEROP_SITE."""

import json
import os
from datetime import timedelta
from pathlib import Path

SITE = json.loads(Path(os.environ["INTEROP_SITE"]).read_text())

SECRET_KEY = SITE["secret_key"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "reference.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]

# As `django-admin startproject` writes it, without the messages.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    *(["django.middleware.locale.LocaleMiddleware"] if SITE.get("negotiates_language") else []),
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SITE["database"],
        "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE"},
    }
}

PASSWORD_HASHERS = SITE["hashers"]

LANGUAGE_CODE = SITE.get("language", "en-us")
USE_I18N = True
CSRF_TRUSTED_ORIGINS = SITE.get("trusted_origins", [])
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]

CLASSES = {
    "jwt": "rest_framework_simplejwt.authentication.JWTAuthentication",
    "jwt_stateless": "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication",
    "session": "rest_framework.authentication.SessionAuthentication",
    "basic": "rest_framework.authentication.BasicAuthentication",
    "token": "rest_framework.authentication.TokenAuthentication",
    "jwt_header": "reference.jwt_header.JwtHeader",
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [CLASSES[name] for name in SITE.get("classes", ["jwt"])],
}


def _python(name, value):
    return timedelta(seconds=value) if name.endswith("_LIFETIME") else value


SIMPLE_JWT = {name: _python(name, value) for name, value in SITE["simple_jwt"].items()}
SIMPLE_JWT_REFRESH_SECONDS = SITE["simple_jwt"].get("REFRESH_TOKEN_LIFETIME", 24 * 60 * 60)
