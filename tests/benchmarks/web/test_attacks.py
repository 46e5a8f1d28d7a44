import sys

import pytest

from benchmarks.web import attacks
from benchmarks.web.attacks import Figures, Watch, attacked, send_four
from benchmarks.web.server import WebServer

WITHIN = Figures((422,), attacks.MOST_CPU_S, attacks.MOST_MIB, attacks.MOST_HEALTH_S)


def test_each_limit_alone_is_a_failure():
    assert WITHIN.hold
    for broken in (
        Figures((422,), 0.51, 100, 0.1),
        Figures((422,), 0.1, 513, 0.1),
        Figures((422,), 0.1, 100, 1.1),
    ):
        assert not broken.hold


def test_the_uploads_are_as_large_as_the_service_takes():
    for name, make in list(attacks.UPLOADS.items())[:8]:
        content = make()
        starts = {"JPEG": b"\xff\xd8", "PNG ": b"\x89PNG"}
        assert content.startswith(starts[name[:4]])
        assert 0.9 * attacks.UPLOAD_BYTES < len(content) < 20_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="figures come from /proc")
def test_an_attack_is_measured_on_a_real_server(root):
    pytest.importorskip("flask", reason="the web extra is not installed")
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    model = root / "models/lesion32.qat_int8.tflite"
    content = attacks.UPLOADS["JPEG of fill bytes"]()
    with WebServer([model], "--rate-limit", "0") as server:
        found = attacked(
            Watch(server), lambda: send_four(server, content, "/api/v1/classify")
        )
    assert found.statuses == (422,)
    assert 0 < found.cpu_s <= attacks.MOST_CPU_S
    assert 50 < found.peak_mib <= attacks.MOST_MIB
    assert found.health_s > 0
