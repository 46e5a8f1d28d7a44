"""The app behind the real server, on a free port of the loopback interface."""

import contextlib
import http.client
import threading

import pytest

from web_demo.server import MemoryServer, listen


@pytest.fixture
def connection(app, monkeypatch):
    listener = listen("127.0.0.1", 0)
    server = MemoryServer(app, listener)
    ending, readable = threading.Event(), server.readable

    def readable_until_the_end():
        if ending.is_set():
            # What a signal raises, in the main thread, where signals arrive.
            raise KeyboardInterrupt
        return readable()

    monkeypatch.setattr(server, "readable", readable_until_the_end)
    thread = threading.Thread(target=server.run)
    thread.start()
    port = listener.getsockname()[1]
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
