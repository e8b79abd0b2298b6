"""Sessions, keys, hand-made tokens, cookies and sign-up: both servers tell their clients the same, step by step."""

import re

import pytest

from cases_ways_in import all_cases
from clients import Client
from test_answers import asked, compare, judge_apart

CASES = all_cases()
PLAYED = [(profile, case) for profile, cases in CASES.items() for case in cases]


def test_no_two_cases_of_a_profile_have_one_name():
    for profile, cases in CASES.items():
        names = [case.name for case in cases]
        assert len(set(names)) == len(names), (profile, sorted({name for name in names if names.count(name) > 1}))


@pytest.mark.parametrize(("profile", "case"), PLAYED, ids=lambda value: re.sub(r"\W+", "-", getattr(value, "name", value)))
def test_both_let_the_same_in(start, profile, case):
    pair = start(profile)
    django, jeton = Client(pair.django), Client(pair.jeton)
    last = len(case.requests)
    for number, request in enumerate(case.requests, 1):
        wanted, given = django.send(request), jeton.send(request)
        apart = case.instead and number == last
        different = judge_apart(case.instead, wanted, given) if apart else compare(wanted, given)
        if different:
            pytest.fail("\n".join([f"{case.name}, request {number}: {asked(request)}", *different]), pytrace=False)
