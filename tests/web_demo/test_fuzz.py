"""The REST service against requests made from its own description."""

import collections
import dataclasses

import pytest

pytest.importorskip(
    "schemathesis", reason="schemathesis is not installed; run make test-web"
)

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from edge_runtime.model.answers import AnswersSpec, Question

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture
def card(card):
    """A model's that also asks, so that answers are tried too."""
    questions = (Question("age", low=0, high=120), Question("itch", ("yes", "no")))
    spec = AnswersSpec(questions, "uint8", 1 / 255, 0)
    return dataclasses.replace(card, answers=spec)


def files_like(root):
    """Photos as they are, cut off, with a byte changed, and any bytes at all."""
    paths = [*sorted((root / "samples").glob("*.*g"))]
    photos = st.sampled_from([path.read_bytes() for path in paths])
    cut = st.tuples(photos, st.floats(0, 1)).map(
        lambda drawn: drawn[0][: int(drawn[1] * len(drawn[0]))]
    )
    changed = st.tuples(photos, st.floats(0, 0.999), st.integers(0, 255)).map(
        lambda drawn: _with_byte(*drawn)
    )
    return st.one_of(photos, cut, changed, st.binary(max_size=200))


def _with_byte(content, place, byte):
    at = int(place * len(content))
    return content[:at] + bytes([byte]) + content[at + 1 :]


# The client that schemathesis drives puts large forms into temporary files, and leaves
# them open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_breaks_the_service(app, root, subtests, mode):
    schemathesis.openapi.format("binary", files_like(root))
    description = schemathesis.openapi.from_wsgi("/openapi.json", app)
    statuses = collections.defaultdict(set)
    for found in description.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and operation.method == "get":
            # Nothing is sent there that could be wrong.
            continue

        @settings(
            max_examples=60,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def hold(case):
            answer = case.call()
            case.validate_response(answer, checks=CHECKS)
            statuses[case.operation.label].add(answer.status_code)

        with subtests.test(operation.label):
            hold()
    if mode is GenerationMode.POSITIVE:
        for path in ("/api/v1/classify", "/api/v1/heatmap"):
            # Requests came as far as the photo, and some of them were in order.
            assert {200, 422} <= statuses[f"POST {path}"]
        assert len(statuses) == 6
