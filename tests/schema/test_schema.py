"""The schema itself, and one good request for each of its operations."""

import itertools

import pytest
import requests
import schemathesis
import yaml

from service import PASSWORD, USERNAME, service

schema = schemathesis.openapi.from_dict(service().printed_schema())
OPERATIONS = {operation.ok().label: operation.ok() for operation in schema.get_all_operations()}


def credentials():
    return {"username": USERNAME, "password": PASSWORD}


NAMES = itertools.count()


def applicant():
    return {"username": f"applicant{next(NAMES)}", "password": "a horse of another colour"}


def refresh_cookie():
    return {"refresh": service().login()["refresh"]}


def session_cookies():
    """Those of a session that was just begun."""
    answer = requests.post(f"{service().url}/api/v1/users/login", json=credentials(), timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.cookies.get_dict()


def a_sign_in():
    """The id of a login that was just made."""
    headers = {"Authorization": f"Bearer {service().login()['access']}"}
    listed = requests.get(f"{service().url}/api/sessions/", headers=headers, timeout=30).json()
    return next(one["id"] for one in listed["results"] if one["current"])


# What each view wants, by its name: a body; cookies; another header than that of an access token; a place in its path.
BODIES = {
    "Token Obtain Pair": credentials,
    "Token Refresh": lambda: {"refresh": service().login()["refresh"]},
    "Token Verify": lambda: {"token": service().login()["access"]},
    "Token Blacklist": lambda: {"refresh": service().login()["refresh"]},
    "Token Obtain Sliding": credentials,
    "Token Refresh Sliding": lambda: service().login("/api/token/sliding/"),
    "Logout": lambda: {"refresh_token": service().login()["refresh"]},
    "Cookie Signup": applicant,
    "Cookie Login": credentials,
    "Session Login": credentials,
    "Jwt Login": credentials,
    "Obtain Auth Token": credentials,
}
COOKIES = {"Cookie Refresh": refresh_cookie, "Cookie Logout": refresh_cookie, "Session Logout": session_cookies}
HEADERS = {"Jwt Info": lambda: {"jwt-auth": service().login("/api/v1/users/login/jwt")["token"]}}
PATHS = {"Session": lambda: {"id": a_sign_in()}}
BARE = {"Me", "Sessions", "Spectacular Api"}


def test_this_file_knows_every_view():
    views = {operation.definition.raw["summary"] for operation in OPERATIONS.values()}
    assert views <= {*BODIES, *COOKIES, *HEADERS, *PATHS, *BARE}


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_is_reached_with_a_valid_token(label, accept):
    operation = OPERATIONS[label]
    [success] = [name for name in operation.definition.raw["responses"] if name.startswith("2")]
    if accept not in operation.definition.raw["responses"][success].get("content", [accept]):
        accept = "*/*"
    view = operation.definition.raw["summary"]
    headers = {"Authorization": f"Bearer {service().login()['access']}", "Accept": accept}
    headers |= HEADERS.get(view, dict)()
    given = {"body": BODIES[view](), "media_type": "application/json"} if view in BODIES else {}
    given |= {"path_parameters": PATHS[view]()} if view in PATHS else {}
    case = operation.Case(headers=headers, cookies=COOKIES.get(view, dict)(), **given)
    answer = case.call(base_url=service().url)
    assert str(answer.status_code) == success, answer.text
    case.validate_response(answer)


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_yaml_json_and_the_command_say_the_same(version):
    where = f"{service().url}/api/schema/?version={version}"
    printed = service().printed_schema("--spec", version)
    assert requests.get(where, headers={"Accept": "application/json"}, timeout=30).json() == printed
    as_yaml = requests.get(where, timeout=30)
    assert as_yaml.headers["Content-Type"] == "application/vnd.oai.openapi; charset=utf-8"
    assert yaml.safe_load(as_yaml.text) == printed
    assert printed["openapi"].startswith(version)
