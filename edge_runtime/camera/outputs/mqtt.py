"""Verdicts to an MQTT broker, with paho-mqtt (extra ``mqtt``).

The topic gets one JSON message per verdict; TOPIC/state says online or offline, the
latter by the broker itself when the device vanishes. The broker may be away at any
time: paho queues what was not sent and connects again.
"""

import importlib
import json
import os
import urllib.parse
from typing import Any

from edge_runtime.camera.frames import Report
from edge_runtime.camera.look import Look
from edge_runtime.errors import CameraError

PASSWORD_VARIABLE = "LESION_EDGE_MQTT_PASSWORD"
_DEFAULT_TOPIC = "lesion-edge"
_AT_LEAST_ONCE = 1
# Verdicts come every few seconds at most; an hour of them, then the oldest go.
_QUEUED = 1000
_GOODBYE_S = 0.5


class MqttPublisher:
    """Publishes each verdict; see ``Listener``."""

    def __init__(self, url: str, report: Report) -> None:
        """Start connecting; does not wait for the broker.

        Args:
            url: ``mqtt://[USER@]HOST[:PORT][/TOPIC]``; the password comes from the
                environment, where other users of the device do not see it.
            report: is told when the broker refuses.

        Raises:
            CameraError: when the URL makes no sense or paho-mqtt is missing.
        """
        parts = urllib.parse.urlsplit(url)
        try:
            port = parts.port or 1883
        except ValueError as error:
            raise CameraError(f"--mqtt {url}: {error}") from error
        if parts.scheme != "mqtt" or not parts.hostname or parts.password:
            raise CameraError(
                "--mqtt: expected mqtt://[USER@]HOST[:PORT][/TOPIC], and the password"
                f" in {PASSWORD_VARIABLE}"
            )
        try:
            mqtt = importlib.import_module("paho.mqtt.client")
        except ImportError as error:
            raise CameraError(
                f"--mqtt needs paho-mqtt ({error}): pip install 'paho-mqtt>=2.1'"
            ) from error
        self._topic = parts.path.strip("/") or _DEFAULT_TOPIC
        self._report = report
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.max_queued_messages_set(_QUEUED)
        if parts.username:
            self._client.username_pw_set(
                parts.username, os.environ.get(PASSWORD_VARIABLE)
            )
        self._client.will_set(self._state, "offline", _AT_LEAST_ONCE, retain=True)
        self._client.on_connect = self._connected
        self._client.connect_async(parts.hostname, port)
        self._client.loop_start()

    @property
    def _state(self) -> str:
        return f"{self._topic}/state"

    def frame(self, look: Look, line: dict[str, Any]) -> None:
        """See ``Listener``."""

    def error(self, line: dict[str, Any]) -> None:
        """See ``Listener``."""

    def verdict(self, look: Look, line: dict[str, Any]) -> None:
        """Publish the verdict, now or when the broker is back."""
        self._client.publish(self._topic, json.dumps(line), _AT_LEAST_ONCE)

    def close(self) -> None:
        """Say goodbye and wait for the last message, shortly."""
        if self._client.is_connected():
            said = self._client.publish(
                self._state, "offline", _AT_LEAST_ONCE, retain=True
            )
            said.wait_for_publish(_GOODBYE_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: Any, own: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        if reason.is_failure:
            self._report(f"the MQTT broker refuses: {reason}")
        else:
            client.publish(self._state, "online", _AT_LEAST_ONCE, retain=True)
