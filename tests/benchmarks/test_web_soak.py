import pytest

from benchmarks.web_requests import Sent, Unfinished, every_kind
from benchmarks.web_soak import Log, Settings, soak


@pytest.mark.slow
def test_everything_is_answered_as_it_should_be(root):
    pytest.importorskip("flask", reason="the web extra is not installed")
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    models = sorted((root / "models").glob("*.tflite"))
    if not models:
        pytest.skip("models/ holds no .tflite file")

    log = soak(Settings(tuple(models[:1]), 0.15, None))

    assert log.wrong == []
    assert log.answers.total() > 10
    assert min(log.rss_mib) > 10


def test_growth_is_the_last_third_against_the_middle_one():
    log = Log(rss_mib=[10, 20, 30, 100, 100, 100, 110, 110, 110])

    assert log.growth == pytest.approx(0.1)


def test_there_are_good_mistaken_hostile_and_unfinished_requests(root):
    kinds = every_kind(root / "samples")

    statuses = {kind.status for kind in kinds if isinstance(kind, Sent)}
    assert {200, 400, 403, 404, 413, 421, 422} <= statuses
    assert sum(isinstance(kind, Unfinished) for kind in kinds) >= 3
