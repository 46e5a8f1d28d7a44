import dataclasses
import io

import numpy as np
import pytest

from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from edge_runtime.errors import ModelFileError
from edge_runtime.model import golden as golden_vectors
from edge_runtime.model.file import read_model_file
from edge_runtime.model.golden import (
    MOST_STEPS_ACROSS_FAMILIES,
    check_golden,
    golden_differences,
)
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess


def redness(stored):
    """A model that needs no interpreter: the mean of the red channel, as uint8."""
    return np.array([stored[0, ..., 0].mean()]).round().astype(stored.dtype)


@pytest.fixture(scope="module")
def pngs():
    return golden_pngs(32)


@pytest.fixture
def golden(pngs, card):
    return golden_npz(pngs, redness, card)


def test_every_step_is_kept_and_numpy_reads_it(pngs, card, golden):
    with np.load(io.BytesIO(golden), allow_pickle=False) as arrays:
        names = [name.decode() for name in arrays["names"]]
        assert names == list(pngs)
        for number, name in enumerate(names):
            image = read_photo(pngs[name])
            pixels = preprocess(image, 32)
            assert arrays[f"png/{name}"].tobytes() == pngs[name]
            np.testing.assert_array_equal(arrays[f"rgb/{name}"], image)
            np.testing.assert_array_equal(arrays["pixels"][number], pixels)
            # uint8 with scale 1/255: the stored input is the pixel itself.
            np.testing.assert_array_equal(arrays["input"][number], pixels)
            output = round(pixels[..., 0].astype(float).mean())
            assert arrays["output"][number].tolist() == [output]
            score = min(max(output / 256, 1 / 512), 511 / 512)
            odds = (score / (1 - score)) ** (1 / card.temperature)
            expected = odds / (1 + odds)
            assert arrays["probability"][number] == pytest.approx(expected, abs=1e-12)


def test_same_pictures_give_the_same_bytes(pngs, card, golden):
    assert golden_npz(pngs, redness, card) == golden


def test_vectors_agree_with_what_made_them(card, golden):
    assert golden_differences(golden, redness, card) == ()


@pytest.mark.parametrize(
    ("size_px", "most_bytes"),
    # What cnn32's 140 KB and cnn128's 3.1 MB leave beside weights, graph and card.
    [(32, 25_000), (64, 60_000), (128, 120_000)],
)
def test_vectors_fit_beside_the_smallest_model_of_their_size(card, size_px, most_bytes):
    spec = dataclasses.replace(card.input, size_px=size_px)
    card = dataclasses.replace(card, input=spec)
    assert len(golden_npz(golden_pngs(size_px), redness, card)) <= most_bytes


def steps(differences):
    return {each.step for each in differences}


def test_another_decoder_is_found_at_its_step(monkeypatch, card, golden):
    monkeypatch.setattr(
        golden_vectors, "read_photo", lambda png: read_photo(png)[..., ::-1]
    )
    assert steps(golden_differences(golden, redness, card)) == {"decode"}


def test_another_resize_is_found_at_its_step(monkeypatch, card, golden):
    monkeypatch.setattr(
        golden_vectors, "preprocess", lambda image, size: image[:size, :size]
    )
    assert steps(golden_differences(golden, redness, card)) == {"preprocess"}


def test_another_normalisation_is_found_at_its_step(card, golden):
    card = dataclasses.replace(card, input=dataclasses.replace(card.input, std=128.0))
    assert steps(golden_differences(golden, redness, card)) == {"store"}


def test_another_kernel_is_found_at_its_step(card, golden):
    def a_step_more(stored):
        return redness(stored) + np.uint8(1)

    found = golden_differences(golden, a_step_more, card)
    assert {(each.step, each.largest) for each in found} == {("invoke", 1.0)}
    assert golden_differences(golden, a_step_more, card, allowed_steps=1) == ()
    assert "invoke differs by 1, allowed 0" in str(found[0])


def test_another_number_of_outputs_is_found(card, golden):
    found = golden_differences(golden, lambda stored: np.zeros(2, np.uint8), card)
    assert steps(found) == {"invoke"}
    assert found[0].largest == np.inf


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_refused(card, damage):
    with pytest.raises(ModelFileError, match="golden vectors cannot be read"):
        golden_differences(damage, redness, card)


def test_flipped_bits_are_refused_found_or_change_no_array(card, golden):
    def arrays(archive):
        with np.load(io.BytesIO(archive), allow_pickle=False) as found:
            return {name: found[name].tobytes() for name in found.files}

    whole, harmless = arrays(golden), 0
    # Headers at both ends, where zipfile and numpy stumble, and all through the middle.
    places = {*range(60), *range(0, len(golden), 997)}
    places |= {*range(len(golden) - 300, len(golden), 7)}
    for place in sorted(places):
        damaged = bytearray(golden)
        damaged[place] ^= 1 << place % 8
        try:
            if not golden_differences(bytes(damaged), redness, card):
                harmless += 1
                assert arrays(bytes(damaged)) == whole, place
        except ModelFileError:
            continue
    # Times and attributes of the archive's entries are nobody's evidence.
    assert harmless < len(places) / 2


def test_a_model_file_repeats_its_vectors(model_file):
    assert check_golden(read_model_file(model_file)) == ()


def test_another_kernel_family_may_differ_by_some_steps(model_file, monkeypatch):
    file = read_model_file(model_file)
    other = "builtin" if file.card.provenance.kernel_family == "xnnpack" else "xnnpack"
    origin = dataclasses.replace(file.card.provenance, kernel_family=other)
    foreign = dataclasses.replace(
        file, card=dataclasses.replace(file.card, provenance=origin)
    )
    model = open_interpreter(file.model)

    class Off:
        kernel_family = model.kernel_family

        def __init__(self, by):
            self.by = by

        def infer(self, stored):
            output = model.infer(stored)
            return np.where(output < 128, output + self.by, output - self.by).astype(
                output.dtype
            )

    most = MOST_STEPS_ACROSS_FAMILIES
    for by, file_, agrees in (
        (most, foreign, True),
        (most + 1, foreign, False),
        (1, file, False),
    ):
        monkeypatch.setattr(golden_vectors, "open_model_file", lambda _, by=by: Off(by))
        assert (check_golden(file_) == ()) == agrees
