import dataclasses

import pytest

from benchmarks.measure.measurement import BASELINE
from benchmarks.reporting.published import read_published
from benchmarks.reporting.summary import durations, summarise


@pytest.fixture
def row(result):
    report = summarise({"pi": [result]}, read_published())
    return report.sections[0].rows[0]


def test_durations_are_percentiles_of_the_raw_samples(row):
    assert row.interpreter.median_ms == 2.0
    assert row.photo_to_verdict.median_ms == 20.0
    # Linear interpolation between 20 and 30, at 90 % of the way from first to last.
    assert row.photo_to_verdict.p90_ms == pytest.approx(28.0)
    assert row.stages_ms == {"decode": 8.0}


def test_no_samples_are_no_durations():
    assert durations(()) is None


def test_one_slow_photo_does_not_move_the_median():
    assert durations((1.0, 1.0, 1.0, 1.0, 500.0)).median_ms == 1.0


def test_models_come_fast_to_slow_and_the_baseline_last(result):
    def renamed(name, kind, median_ms):
        subject = dataclasses.replace(result.measurement.subject, name=name, kind=kind)
        timing = dataclasses.replace(
            result.measurement.timing, photo_to_verdict_ms=(median_ms,)
        )
        measurement = dataclasses.replace(
            result.measurement, subject=subject, timing=timing
        )
        return dataclasses.replace(result, measurement=measurement)

    results = [
        renamed("colour_baseline", BASELINE, 0.1),
        renamed("slow", "model", 9.0),
        renamed("fast", "model", 1.0),
    ]
    (section,) = summarise({"pi": results}, read_published()).sections
    assert [row.name for row in section.rows] == ["fast", "slow", "colour_baseline"]


def test_machines_keep_apart(result):
    report = summarise({"b": [result], "a": [result]}, read_published())
    assert [section.machine for section in report.sections] == ["a", "b"]


def test_facts_show_the_range_that_a_number_went_through(result):
    (section,) = summarise({"pi": [result]}, read_published()).sections
    assert section.facts["temperature celsius"] == "48.5 to 55"
    assert section.facts["cpu"] == "not known"
    assert section.facts["commit"] == "0123456789ab"
    assert section.facts["kernels"] == "xnnpack"


def test_photos_that_failed_are_named_with_their_model(result):
    measurement = dataclasses.replace(result.measurement, failed_photos=("x.png: bad",))
    broken = dataclasses.replace(result, measurement=measurement)
    (section,) = summarise({"pi": [broken]}, read_published()).sections
    assert section.problems == ("cnn32.qat_int8: not read: x.png: bad",)


def test_energy_is_shared_by_every_photo_that_was_judged(row):
    # 0.2 J over four photos.
    assert row.millijoules == pytest.approx(50.0)


def test_without_a_sensor_energy_was_not_measured(result):
    measurement = dataclasses.replace(result.measurement, energy=None)
    bare = dataclasses.replace(result, measurement=measurement)
    (section,) = summarise({"pi": [bare]}, read_published()).sections
    assert section.rows[0].millijoules is None
    assert section.facts["energy"] == "not measured (no sensor)"


def test_a_throttled_run_is_invalid_and_says_why(result, machine):
    hot = dataclasses.replace(machine, throttled="50005")
    measurement = dataclasses.replace(result.measurement, machine_after=hot)
    invalid = dataclasses.replace(result, measurement=measurement)
    (section,) = summarise({"pi": [invalid]}, read_published()).sections
    assert section.rows[0].invalid == ("undervoltage", "throttled")
    assert any("INVALID" in problem for problem in section.problems)


def test_threads_beyond_one_are_part_of_the_name(result):
    settings = dataclasses.replace(result.settings, threads=4)
    row = (
        summarise(
            {"pi": [dataclasses.replace(result, settings=settings)]}, read_published()
        )
        .sections[0]
        .rows[0]
    )
    assert row.name == "cnn32.qat_int8.4_threads"
