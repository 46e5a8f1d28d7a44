"""The app behind the real server, on a free port of the loopback interface."""

import contextlib
import http.client
import json
import socket
import struct
import threading
import time

import pytest

from web_demo.guards.http_server import PageServer, Patience, listen
from web_demo.guards.request_bodies import Body, Budget

HELD_BYTES = 1_500_000
# Short, since these tests wait for it.
PATIENCE = Patience(silence_s=0.5, arrival_s=1.5, answer_s=3)
CONNECTIONS = 24


@pytest.fixture
def start(app):
    """Start servers; gives each with its port."""
    running = []

    def run(**settings):
        app.config["MAX_HELD_BYTES"] = HELD_BYTES
        server = PageServer(app, listen("127.0.0.1", 0), **settings)
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        return server

    yield run
    for server, thread in running:
        server.stop()
        thread.join(timeout=10)
        assert not thread.is_alive()


@pytest.fixture
def server(start):
    """A patient one, as it is by default."""
    return start()


@pytest.fixture
def hasty(start):
    """One that tests need not wait long for."""
    return start(patience=PATIENCE, max_connections=CONNECTIONS)


@pytest.fixture
def connection(server):
    with contextlib.closing(http.client.HTTPConnection(*server.name)) as client:
        yield client


@pytest.fixture
def post(connection, form):
    """Post one photo, in chunks if wanted; gives status and answer."""

    def request(path, content, *, in_chunks=False):
        body, content_type = form(content)
        connection.request(
            "POST",
            path,
            chunks(body) if in_chunks else body,
            {"Content-Type": content_type},
            encode_chunked=in_chunks,
        )
        answer = connection.getresponse()
        return answer.status, answer.read()

    return request


def chunks(body, size=60_000):
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_large_photo_passes_without_touching_the_disk(
    post, large_photo, written, classifier, in_chunks
):
    status, answer = post("/api/v1/classify", large_photo, in_chunks=in_chunks)

    assert status == 200
    assert b'"investigate"' in answer
    assert len(classifier.judged) == 1
    assert not written


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_sender_of_far_too_much_reads_the_reason(post, written, in_chunks):
    # More than fits into the socket's buffers: a server that closed early would
    # break the pipe.
    status, answer = post("/verdict", bytes(12_000_000), in_chunks=in_chunks)

    assert status == 413
    assert b"You sent 12.0 MB; at most 1.0 MB" in answer
    assert not written


def test_the_connection_goes_on_after_a_refusal(post, photo):
    for content, status in ((bytes(3_000_000), 413), (b"no photo", 422), (photo, 200)):
        assert post("/api/v1/classify", content)[0] == status


def test_the_server_does_not_name_its_software(connection):
    connection.request("GET", "/")

    headers = str(connection.getresponse().headers).lower()
    assert "server:" not in headers and "h11" not in headers


def wait_until(free_bytes, server):
    end_s = time.monotonic() + 10
    while server.budget.free_bytes != free_bytes:
        assert time.monotonic() < end_s, server.budget.free_bytes
        time.sleep(0.01)


def test_a_body_for_which_no_room_is_left_is_turned_away_and_a_small_one_is_not(
    server, connection, post, photo, form, classifier
):
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", connection.port)
    ) as other:
        other.putrequest("POST", "/api/v1/classify")
        other.putheader("Content-Length", "990000")
        other.endheaders(bytes(980_000))
        wait_until(HELD_BYTES - 980_000, server)

        for path in ("/api/v1/classify", "/verdict"):
            body, content_type = form(bytes(600_000))
            connection.request("POST", path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            assert answer.status == 503
            assert answer.getheader("Retry-After") == "2"
            assert b"send the photo again" in answer.read()
        assert post("/api/v1/classify", photo)[0] == 200
    # The other one hung up in the middle of its photo.
    wait_until(HELD_BYTES, server)

    assert post("/api/v1/classify", bytes(600_000))[0] == 422
    assert len(classifier.judged) == 1


def test_what_a_body_held_is_given_back():
    budget = Budget(100)
    kept, dropped = (Body(80, budget) for _ in range(2))

    kept.append(bytes(60))
    dropped.append(bytes(30))
    dropped.append(bytes(30))
    assert kept.opened().read() == bytes(60)
    assert dropped.found_no_room and dropped.opened().read() == b""
    assert dropped.length_bytes == 60
    kept.append(bytes(30))
    # Too large for its own limit: nothing of it counts any more.
    assert kept.length_bytes == 90 and not kept.found_no_room
    assert budget.free_bytes == 100


def is_well(server, within_s=1.0):
    """Whether a new client gets an answer."""
    began_s = time.monotonic()
    with contextlib.closing(
        http.client.HTTPConnection(*server.name, timeout=within_s)
    ) as client:
        client.request("GET", "/healthz")
        assert client.getresponse().status == 200
    assert time.monotonic() - began_s < within_s


def is_closed(connection, within_s):
    """Whether the server ends a connection; what it still sends is read."""
    connection.settimeout(within_s)
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def connect(server, sent=b""):
    connection = socket.create_connection(server.name)
    # As little as the system gives: what is not read waits at the server.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(sent)
    return connection


GET_SCRIPTS = b"GET /static/strings.en.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = {
    "says nothing": b"",
    "sends half a header": b"GET / HTTP/1.1\r\nHost: lo",
    "sends half a photo": b"POST /verdict HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 900000\r\n\r\n" + bytes(1000),
    "asks 300 times and reads nothing": GET_SCRIPTS * 300,
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW.keys())
def test_more_slow_clients_than_places_stop_nobody_and_are_cut_off(hasty, sent):
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(contextlib.closing(connect(hasty, sent)))
            for _ in range(2 * CONNECTIONS)
        ]
        for _ in range(5):
            is_well(hasty)
        time.sleep(PATIENCE.answer_s)
        assert all(is_closed(each, 1) for each in clients)
    wait_until(HELD_BYTES, hasty)


def test_a_trickle_of_bytes_does_not_hold_a_connection(hasty):
    with contextlib.closing(connect(hasty, b"GET / HTTP/1.1\r\nX: ")) as client:
        began_s = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - began_s < 3 * PATIENCE.arrival_s:
                client.sendall(b"x")
                time.sleep(0.1)


def test_of_requests_sent_at_once_one_is_answered_and_the_connection_closed(server):
    with contextlib.closing(connect(server, GET_SCRIPTS * 100)) as client:
        client.settimeout(10)
        found = b""
        while part := client.recv(65536):
            found += part
    assert found.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in found and found.endswith(b"}\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /api/v1/models HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40_000, 431),
        (b"GET /api/v1/models HTTP/1.1\r\nHo st: a\r\n\r\n", 400),
        (b"GET /api/v1/models HTTP/1.1\r\n\r\n", 400),
        (
            b"POST /api/v1/classify HTTP/1.1\r\nHost: a\r\n"
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            400,
        ),
    ],
)
def test_what_is_no_request_is_a_problem_as_any_other(server, sent, status):
    with contextlib.closing(connect(server, sent)) as client:
        answer = http.client.HTTPResponse(client)
        answer.begin()
        told = json.load(answer)
    assert answer.status == told["status"] == status
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"


def test_a_header_with_an_underscore_is_not_taken_for_another(start, app):
    seen = []
    app.before_request(
        lambda: seen.append(__import__("flask").request.headers.get("A-B"))
    )
    server = start()
    sent = b"GET /healthz HTTP/1.1\r\nHost: a\r\nA_B: forged\r\n\r\n"
    with contextlib.closing(connect(server, sent)) as client:
        client.recv(100)
    assert seen == [None]


def test_a_piece_of_an_answer_waits_for_no_acknowledgement(server, connection):
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    (held,) = server._open
    accepted = held._writer.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_client_that_is_gone_before_it_is_refused_is_no_fault(server, caplog):
    for turn in range(150):
        with socket.create_connection(server.name) as client:
            gone_at_once = struct.pack("ii", 1, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, gone_at_once)
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            # Before, while and after the app answers.
            time.sleep(turn * 1e-4)
    with contextlib.closing(http.client.HTTPConnection(*server.name)) as client:
        client.request("GET", "/healthz")
        assert client.getresponse().status == 200
    assert [each.getMessage() for each in caplog.records] == []
