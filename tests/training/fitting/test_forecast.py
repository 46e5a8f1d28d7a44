"""The time of a training is told once, from the batches behind the first two."""

from training.fitting.forecast import Forecast


def _told(steps, epochs, batches, seconds_each):
    times = iter(seconds_each)
    told, now = [], [0.0]
    forecast = Forecast(steps, epochs, clock=lambda: now[0], tell=told.append)
    for _ in range(batches):
        now[0] += next(times)
        forecast.batch_done()
    return told


def test_slow_first_batches_do_not_count():
    seconds = [30.0, 10.0, *[0.5] * 30]
    told = _told(100, 60, 32, seconds)
    assert len(told) == 1
    assert told[0].startswith("by the first 10 batches an epoch of 100 takes 50 s")
    assert "all that may follow 50 min (60)" in told[0]


def test_a_short_epoch_is_told_at_its_end():
    assert len(_told(4, 2, 8, [1.0] * 8)) == 1


def test_two_batches_tell_nothing():
    assert _told(2, 1, 2, [1.0] * 2) == []
