"""The node keeps to its own OpenAPI document whatever is sent: statuses, media types, shapes, never a 500."""

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from ledger.api import health, holding, logs, records

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
EXAMPLES = 30


def document() -> dict:
    app = FastAPI()
    for room in (records, holding, logs, health):
        app.include_router(room.router)
    return app.openapi()["paths"]


OPERATIONS = {
    (method, path): described
    for path, offered in document().items()
    for method, described in offered.items()
}
# Nothing can be wrong with a request that has neither parameters nor a body.
CASES = [
    (*operation, mode)
    for operation, described in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & described.keys()
]


@schemathesis.serializer("application/sd-jwt", "application/x-ndjson")
def as_text(_context, value):
    return str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def schema(desk):
    return schemathesis.openapi.from_url(desk.url("tianjin", "/openapi.json"))


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_an_operation_answers_as_its_document_says(schema, town, method, path, mode):
    seen = []

    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case):
        # A batch is answered line by line, so of text as such nothing is wrong.
        wrong = mode is GenerationMode.NEGATIVE and path != "/records"
        response = case.call_and_validate(
            checks=[*CHECKS, *([negative_data_rejection] if wrong else [])]
        )
        seen.append(response.status_code)

    before = len(town.heard.lines)
    check()
    assert seen
    assert not [line for line in town.heard.lines[before:] if "unexpected" in line]


def test_the_document_names_every_operation(schema):
    served = {(one.ok().method, one.ok().path) for one in schema.get_all_operations()}
    assert served == set(OPERATIONS)
