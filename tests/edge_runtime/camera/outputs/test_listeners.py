"""Preview, MQTT and pin, each with its real counterpart."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from edge_runtime.camera.frames import Frame
from edge_runtime.camera.look import Looker
from edge_runtime.camera.outputs.listeners import Outputs, opened_listeners
from edge_runtime.camera.outputs.preview import Preview
from edge_runtime.camera.sources.jpeg import JpegSplitter
from edge_runtime.errors import CameraError
from edge_runtime.photos.decoding import read_photo

LINE = {
    "decision": "investigate", "probability": 0.9, "threshold": 0.3, "findings": [],
    "sharp": True, "still": True, "steady": True, "fps": 4.9, "dropped": 0,
}  # fmt: skip
WAIT_S = 60


@pytest.fixture
def look(classifier, drawn, encoded):
    jpeg = encoded(drawn(240, 320), "JPEG")
    return Looker(classifier, "test", 1.0).look(Frame(1, time.monotonic_ns(), jpeg))


class TestPreview:
    @pytest.fixture
    def preview(self):
        preview = Preview(0, guide=0.5)
        yield preview
        preview.close()

    def fetch(self, preview, path, **headers):
        request = urllib.request.Request(
            f"http://127.0.0.1:{preview.port}{path}", headers=headers
        )
        return urllib.request.urlopen(request, timeout=WAIT_S)

    def test_page_carries_the_notice(self, preview):
        with self.fetch(preview, "/") as answer:
            assert "not a medical device" in answer.read().decode()

    def test_state_is_what_was_said(self, preview, look):
        preview.frame(look, LINE)
        preview.verdict(look, {"votes": 5})
        with self.fetch(preview, "/state") as answer:
            assert json.load(answer) == {"frame": LINE, "verdict": {"votes": 5}}

    def test_still_is_the_whole_frame(self, preview, look):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            self.fetch(preview, "/still")
        refusal.value.close()
        assert refusal.value.code == 503
        preview.frame(look, LINE)
        with self.fetch(preview, "/still") as answer:
            assert answer.read() == look.frame.picture

    def test_stream_shows_the_frame_with_guide_and_figures(self, preview, look):
        preview.frame(look, LINE)
        splitter, pictures = JpegSplitter(), []
        with self.fetch(preview, "/stream") as answer:
            while not pictures:
                pictures += splitter.feed(answer.read1(65536))
        drawn = read_photo(pictures[0]).astype(int)
        plain = read_photo(look.frame.picture).astype(int)
        assert drawn.shape == plain.shape
        # The guide: half of 240 px around the centre, so its left side is column 100.
        green = drawn[120, 100:102].mean(axis=0)
        assert green[1] > green[0] + 60
        assert abs(drawn[120, 160] - plain[120, 160]).max() < 40

    def test_other_sites_cannot_read_it_through_a_browser(self, preview, look):
        preview.frame(look, LINE)
        for path in ("/", "/stream", "/state", "/still"):
            with pytest.raises(urllib.error.HTTPError) as refusal:
                self.fetch(preview, path, Host="attacker.example:80")
            refusal.value.close()
            assert refusal.value.code == 403

    def test_it_listens_on_this_device_only(self, preview):
        host = preview._server.server_address[0]
        assert host == "127.0.0.1"

    def test_a_taken_port_is_named(self, preview):
        with pytest.raises(CameraError, match="--preview"):
            Preview(preview.port, guide=1.0)


@pytest.fixture
def broker(tmp_path):
    """Function that starts a real broker on a port; returns what stops it."""
    program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
    if not program:
        pytest.skip("needs a broker (apt install mosquitto)")
    running = []

    def start(port):
        settings = tmp_path / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        process = subprocess.Popen(
            [program, "-c", settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        end = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return process
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.mark.slow
class TestMqtt:
    @pytest.fixture
    def heard(self, port):
        """Function: starts to listen; returns the list of (topic, text) so far."""
        mqtt = pytest.importorskip("paho.mqtt.client")
        clients = []

        def listen():
            messages = []
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
            client.on_message = lambda _c, _o, message: messages.append(
                (message.topic, message.payload.decode())
            )
            client.on_connect = lambda client, *_: client.subscribe("ward/#", 1)
            client.connect("127.0.0.1", port)
            client.loop_start()
            clients.append(client)
            return messages

        yield listen
        for client in clients:
            client.disconnect()
            client.loop_stop()

    def wait_for(self, messages, wanted):
        end = time.monotonic() + WAIT_S
        while wanted not in messages:
            assert time.monotonic() < end, messages
            time.sleep(0.05)

    def test_verdicts_arrive_also_those_of_a_broker_that_was_away(
        self, broker, port, heard, look
    ):
        from edge_runtime.camera.outputs.mqtt import MqttPublisher

        publisher = MqttPublisher(f"mqtt://127.0.0.1:{port}/ward", print)
        publisher.verdict(look, {"decision": "monitor", "number": 1})
        broker(port)
        messages = heard()
        self.wait_for(messages, ("ward/state", "online"))
        publisher.verdict(look, {"decision": "investigate", "number": 2})
        self.wait_for(messages, ("ward", '{"decision": "investigate", "number": 2}'))
        publisher.close()
        self.wait_for(messages, ("ward/state", "offline"))

    def test_closing_without_a_broker_does_not_wait_for_it(self, port, look):
        pytest.importorskip("paho.mqtt.client")
        from edge_runtime.camera.outputs.mqtt import MqttPublisher

        publisher = MqttPublisher(f"mqtt://127.0.0.1:{port}", print)
        publisher.verdict(look, {"decision": "monitor"})
        publisher.close()

    @pytest.mark.parametrize(
        "url", ["tcp://host", "mqtt://", "mqtt://a:secret@host", "mqtt://host:many"]
    )
    def test_urls_that_make_no_sense_are_refused(self, url):
        from edge_runtime.camera.outputs.mqtt import MqttPublisher

        with pytest.raises(CameraError, match="--mqtt"):
            MqttPublisher(url, print)


class TestPin:
    def test_it_is_high_while_a_verdict_says_investigate(self, look, monkeypatch):
        gpiozero = pytest.importorskip("gpiozero")
        mock = pytest.importorskip("gpiozero.pins.mock")
        factory = mock.MockFactory()
        monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
        from edge_runtime.camera.outputs.gpio_pin import VerdictPin

        pin = factory.pin(17)
        lamp = VerdictPin(17)
        states = [pin.state]
        lamp.verdict(look, {"decision": "investigate"})
        states.append(pin.state)
        lamp.frame(look, {"steady": True})
        states.append(pin.state)
        lamp.frame(look, {"steady": False})
        states.append(pin.state)
        lamp.verdict(look, {"decision": "monitor"})
        states.append(pin.state)
        lamp.close()
        assert states == [0, 1, 1, 0, 0]


def test_nothing_but_standard_output_unless_asked_for():
    assert [type(one).__name__ for one in opened_listeners(Outputs(), 1.0, print)] == [
        "JsonLines"
    ]
