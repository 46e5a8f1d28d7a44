import dataclasses

import pytest

from benchmarks.measure.cases import Case
from benchmarks.measure.options import parse
from benchmarks.measure.plan import planned
from benchmarks.run import Remaining, measured
from edge_runtime.photos.manifest import read_manifest


@pytest.fixture
def settings(drawn_manifest):
    def parsed(*words):
        return parse(["--manifest", str(drawn_manifest), *words])

    return parsed


@pytest.fixture
def order(settings, drawn_manifest, tmp_path):
    photos = read_manifest(drawn_manifest)
    models = {name: tmp_path / f"{name}.tflite" for name in "abcdef"}

    def names(seed, *words):
        chosen = settings("--order-seed", str(seed), *words)
        return list(planned(chosen, models, photos))

    return names


def test_the_seed_decides_the_order(order):
    assert order(1) == order(1)
    assert order(1) != order(2)
    assert set(order(1)) == {*"abcdef", "colour_baseline"}


def test_the_order_differs_from_run_to_run_unless_asked(settings):
    assert settings().order_seed != settings().order_seed


def test_every_file_runs_with_every_number_of_threads(order):
    names = order(1, "--threads", "1", "2", "--only", "a")
    assert sorted(names) == sorted([*"abcdef", *(f"{n}.2_threads" for n in "abcdef")])


def test_another_model_under_the_same_name_is_not_measured(
    result, model_path, tmp_path, settings
):
    path = tmp_path / "a.json"
    result.write(path)
    case = Case(
        str(model_path), None, ".", (), result.settings.protocol, 1, None, 0.0, None
    )
    wanted = dataclasses.replace(result.settings, place=5, command="other")
    assert not measured(path, case, wanted)
    assert not measured(tmp_path / "b.json", case, wanted)


def test_the_rest_is_told_from_what_is_done():
    moments = iter((0.0, 0.0, 60.0, 300.0))
    clock = Remaining(3, clock=lambda: next(moments))
    shown = []
    for name in "abc":
        clock.told(name, lambda *words: shown.append(words[0]))("scores", 1, 2)
    assert shown == [
        "1 of 3: a: scores",
        "about 2 min left, 2 of 3: b: scores",
        "about 2 min left, 3 of 3: c: scores",
    ]
