import json

import pytest

from benchmarks.web.soak import Log, main
from benchmarks.web.traffic import Sent, Unfinished, every_kind


@pytest.mark.slow
def test_everything_is_answered_as_it_should_be(root, tmp_path):
    pytest.importorskip("flask", reason="the web extra is not installed")
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    models = sorted((root / "models").glob("*.tflite"))
    if not models:
        pytest.skip("models/ holds no .tflite file")

    out = tmp_path / "soak.json"
    words = ["--model", str(models[0]), "--minutes", "0.15", "--out", str(out)]

    # 4 where the memory of a server that has just begun grows, as it does.
    assert main(words) in (0, 4)

    found = json.loads(out.read_text())
    assert found["wrong"] == []
    assert sum(found["answers"].values()) > 10
    assert min(found["rss_mib"]) > 10


def test_growth_is_the_last_third_against_the_middle_one():
    log = Log(rss_mib=[10, 20, 30, 100, 100, 100, 110, 110, 110])

    assert log.growth == pytest.approx(0.1)


def test_there_are_good_mistaken_hostile_and_unfinished_requests(root):
    kinds = every_kind(root / "samples")

    statuses = {kind.status for kind in kinds if isinstance(kind, Sent)}
    assert {200, 400, 403, 404, 413, 421, 422} <= statuses
    assert sum(isinstance(kind, Unfinished) for kind in kinds) >= 3
