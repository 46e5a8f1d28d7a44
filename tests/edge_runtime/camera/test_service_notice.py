import socket

import pytest

from edge_runtime.camera.service_notice import ServiceNotice


@pytest.mark.parametrize("abstract", [True, False], ids=["abstract", "path"])
def test_systemd_hears_each_message(tmp_path, abstract):
    name = f"@{tmp_path}/notify" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name[1:]}" if abstract else name)
        notice = ServiceNotice({"NOTIFY_SOCKET": name})
        notice.ready("watches rpicam")
        notice.alive()
        notice.stopping()
        heard = [systemd.recv(200).decode() for _ in range(3)]
    assert heard == ["READY=1\nSTATUS=watches rpicam", "WATCHDOG=1", "STOPPING=1"]


def test_without_systemd_or_when_it_is_gone_nothing_happens(tmp_path):
    ServiceNotice({}).ready("")
    ServiceNotice({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
