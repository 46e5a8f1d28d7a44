"""The real server behind a real nginx, set up as docs/deploy.md says."""

import contextlib
import http.client
import shutil
import socket
import subprocess
import threading
import time

import pytest

from web_demo.app import create_app
from web_demo.guards.http_server import PageServer, listen
from web_demo.judging.capacity import Limits

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 20m;
    client_body_buffer_size 20m;
    proxy_request_buffering off;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Host $host;
      # As if each client had the address that the test names.
      proxy_set_header X-Forwarded-For $http_x_test_address;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $host;
    }}
  }}
}}
"""


@pytest.fixture
def nginx(classifier, tmp_path):
    """The port of an nginx in front of the app."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed; Debian: apt-get install nginx-light")
    app = create_app(
        [classifier],
        limits=Limits(rate="3 per minute"),
        hosts=frozenset({"skin.example.org"}),
        behind_proxy=True,
    )
    server = PageServer(app, listen("127.0.0.1", 0), threads=4)
    thread = threading.Thread(target=server.run)
    thread.start()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    settings = tmp_path / "nginx.conf"
    settings.write_text(NGINX.format(folder=tmp_path, port=port, behind=server.name[1]))
    process = subprocess.Popen([program, "-p", tmp_path, "-c", settings])
    try:
        _await_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)
        server.stop()
        thread.join(timeout=10)


def _await_port(port):
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    pytest.fail("nginx did not start")


def ask(port, method, path, address, body=None, headers=None):
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ) as client:
        sent = {
            "Host": "skin.example.org",
            "X-Test-Address": address,
            **(headers or {}),
        }
        client.request(method, path, body, sent)
        answer = client.getresponse()
        answer.read()
        return answer


def test_each_client_of_a_proxy_is_counted_by_itself(nginx, photo, form):
    body, content_type = form(photo)
    statuses = [
        ask(
            nginx,
            "POST",
            "/api/v1/classify",
            f"203.0.113.{person}",
            body,
            {"Content-Type": content_type, "Origin": "https://skin.example.org"},
        ).status
        for _ in range(4)
        for person in range(20)
    ]
    # Three each, whoever else is there; the fourth is over the limit.
    assert statuses == 60 * [200] + 20 * [429]


def test_a_page_behind_a_proxy_stays_on_https(nginx):
    answer = ask(nginx, "GET", "/verdict", "203.0.113.1")
    assert answer.status == 303
    assert answer.getheader("Location") == "/"
    # With a slash too many Flask redirects to a whole address.
    app_says = ask(nginx, "GET", "//about", "203.0.113.1")
    assert "http://" not in (app_says.getheader("Location") or "")


def test_a_large_photo_passes_a_proxy(nginx, large_photo, form):
    body, content_type = form(large_photo)
    answer = ask(
        nginx, "POST", "/verdict", "203.0.113.1", body, {"Content-Type": content_type}
    )
    assert answer.status == 200
