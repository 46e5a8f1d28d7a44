"""The app behind the real server, on a free port of the loopback interface."""

import contextlib
import http.client
import threading
import time

import pytest

from web_demo.guards.memory_server import Budget, MemoryBody, MemoryServer, listen

HELD_BYTES = 1_500_000


@pytest.fixture
def server(app):
    app.config["MAX_HELD_BYTES"] = HELD_BYTES
    return MemoryServer(app, listen("127.0.0.1", 0))


@pytest.fixture
def connection(server, monkeypatch):
    ending, readable = threading.Event(), server.readable

    def readable_until_the_end():
        if ending.is_set():
            # What a signal raises, in the main thread, where signals arrive.
            raise KeyboardInterrupt
        return readable()

    monkeypatch.setattr(server, "readable", readable_until_the_end)
    thread = threading.Thread(target=server.run)
    thread.start()
    port = server.socket.getsockname()[1]
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        yield client
    ending.set()
    server.pull_trigger()
    thread.join(timeout=10)
    assert not thread.is_alive()
    server.close()


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
    assert classifier.judged == [large_photo]
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

    assert "waitress" not in str(connection.getresponse().headers).lower()


def wait_until(free_bytes, server):
    while server.budget.free_bytes != free_bytes:
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
    assert classifier.judged == [photo]


def test_what_a_body_held_is_given_back():
    budget = Budget(100)
    kept, dropped, broken_off = (MemoryBody(80, budget) for _ in range(3))

    kept.append(bytes(60))
    dropped.append(bytes(30))
    dropped.append(bytes(30))
    assert kept.getfile().read() == bytes(60)
    assert dropped.found_no_room and dropped.getfile().read() == b""
    assert len(dropped) == 60
    kept.append(bytes(30))
    # Too large for its own limit: nothing of it counts any more.
    assert len(kept) == 90 and not kept.found_no_room
    assert budget.take(100) and not budget.take(1)
    budget.give_back(100)

    broken_off.append(bytes(70))
    assert not budget.take(40)
    del broken_off
    assert budget.take(100)
