"""Made-up requests, many for each operation: whatever is sent, the answer is one that the schema tells of."""

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import negative_data_rejection, positive_data_acceptance

from service import STANCES, service

SEED = 20_261_121
EXAMPLES = 20

# Left out, each for the reference's own laxity or by the nature of these endpoints.
LEFT_OUT = [
    # Numbers are taken as text, unknown fields are ignored, and forms hold nothing but text: as Django REST framework.
    negative_data_rejection,
    # A made-up password or token has the right shape and still is no good: 401, or 400 if it is blank.
    positive_data_acceptance,
]

schema = schemathesis.openapi.from_dict(service().printed_schema())
search = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)


@pytest.mark.parametrize("stance", STANCES)
@schema.parametrize()
@hypothesis.seed(SEED)
@search
def test_whoever_asks_gets_what_the_schema_says(case, stance):
    case.call_and_validate(base_url=service(stance).url, excluded_checks=LEFT_OUT)


@pytest.mark.parametrize("stance", STANCES)
@schema.parametrize()
@hypothesis.seed(SEED)
@search
def test_a_signed_in_caller_gets_what_the_schema_says(case, stance):
    # A login for each request: some of them log the caller out.
    headers = {"Authorization": f"Bearer {service(stance).login()['access']}"}
    case.call_and_validate(base_url=service(stance).url, headers=headers, excluded_checks=LEFT_OUT)
