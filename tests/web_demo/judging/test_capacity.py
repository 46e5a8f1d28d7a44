import threading

import pytest

from web_demo.app import create_app
from web_demo.judging.capacity import Busy, Capacity, Limits


def test_as_many_run_and_wait_as_allowed_and_the_next_is_turned_away():
    capacity = Capacity(Limits(running=1, waiting=1, wait_s=30))
    running, release = threading.Event(), threading.Event()
    finished = []

    def judge():
        with capacity.place():
            running.set()
            assert release.wait(timeout=30)
        finished.append(True)

    threads = [threading.Thread(target=judge) for _ in range(2)]
    threads[0].start()
    assert running.wait(timeout=30)
    threads[1].start()
    while not capacity.is_full():
        pass
    with pytest.raises(Busy), capacity.place():
        pass
    release.set()
    for thread in threads:
        thread.join(timeout=30)

    assert finished == [True, True]
    assert not capacity.is_full()


def test_who_waits_too_long_is_turned_away():
    capacity = Capacity(Limits(running=1, waiting=1, wait_s=0.01))

    with capacity.place(), pytest.raises(Busy), capacity.place():
        pass

    assert not capacity.is_full()


def test_a_place_is_free_again_after_a_failure():
    capacity = Capacity(Limits(running=1, waiting=0))

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), capacity.place():
            raise ZeroDivisionError


def test_a_full_server_says_so_and_when_to_come_back(classifier, form, photo):
    limits = Limits(running=1, waiting=0, rate=None)
    app = create_app([classifier], limits=limits)
    inside, release = threading.Event(), threading.Event()
    plain = classifier.classify

    def slow(source, answers=None):
        inside.set()
        assert release.wait(timeout=30)
        return plain(source, answers)

    classifier.classify = slow
    body, content_type = form(photo)

    def post(answers):
        path = "/api/v1/classify"
        client = app.test_client()
        answers.append(client.post(path, data=body, content_type=content_type))

    first, second = [], []
    thread = threading.Thread(target=post, args=(first,))
    thread.start()
    assert inside.wait(timeout=30)
    assert app.test_client().get("/readyz").status_code == 503
    post(second)
    release.set()
    thread.join(timeout=30)

    assert first[0].status_code == 200
    assert second[0].status_code == 503
    assert second[0].headers["Retry-After"] == "2"
    assert second[0].mimetype == "application/problem+json"
    assert app.test_client().get("/readyz").status_code == 200
