"""The REST service against requests made from its own description."""

import pytest

schemathesis = pytest.importorskip(
    "schemathesis", reason="schemathesis is not installed; run make test-web"
)


@pytest.mark.slow
def test_no_request_breaks_the_service(app, subtests):
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    ]
    description = schemathesis.openapi.from_wsgi("/openapi.json", app)
    fuzzed = []
    for found in description.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=60,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def hold(case):
            case.call_and_validate(checks=checks)

        with subtests.test(operation.label):
            hold()
            fuzzed.append(operation.label)
    assert "POST /api/v1/classify" in fuzzed
    assert len(fuzzed) == 4
