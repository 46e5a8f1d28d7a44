"""What the tests of kits share: a kit, pictures, and what Python says of them."""

import os
from pathlib import Path

import numpy as np
import pytest

# What an app may do wrong, and the steps that a kit's self-test must name for it. The
# test program of each language knows these words.
SABOTAGED = {
    "nothing": set(),
    "exchanged colours": {"colour order"},
    "nearest neighbour": {"resize"},
    "no square": {"resize"},
    "another square": {"crop"},
    "another range": {"normalisation"},
    "zero point": {"quantisation"},
    "another output": {"kernels"},
    "other kernels": set(),
    "scale": {"restore"},
    "no temperature": {"probability"},
    "threshold of one half": {"threshold"},
    "threshold one step higher": {"threshold"},
}


def pytest_generate_tests(metafunc):
    if "sabotage" in metafunc.fixturenames:
        metafunc.parametrize("sabotage", SABOTAGED.items(), ids=SABOTAGED)


@pytest.fixture(scope="session")
def kit_of(root, tmp_path_factory):
    """A function: folder of a shipped model's kit for a target."""
    from convert.package import main

    def package(target, network="cnn64"):
        out = tmp_path_factory.mktemp(target) / "kit"
        (model,) = (root / "models").glob(f"{network}.*.tflite")
        assert main([str(model), "--target", target, "--out", str(out)]) == 0
        return out

    return package


TOLD = {"age": "61", "region": "nose", "itch": "no", "bleed": "yes"}
"""Answers to four of phone64's six questions."""


@pytest.fixture
def smartphone_photo(root, tmp_path):
    """A photo as a phone takes it: a real one where they are, a drawn one elsewhere."""
    from edge_runtime.photos.decoding import read_photo
    from training.synthetic.lesions import draw_lesion

    named = os.environ.get("LESION_EDGE_PADUFES20", root / "../shared/data/padufes20")
    real = sorted(Path(named).glob("*/*.jpg")) + sorted(Path(named).glob("*/*.png"))
    image = read_photo(real[7]) if real else draw_lesion(3, size_px=160)
    path = tmp_path / "photo.rgb"
    path.write_bytes(image.tobytes())
    return path, image


@pytest.fixture
def pictures(tmp_path):
    """Raw pictures as (width, height, path, image), of sizes that no golden one has.

    Larger and smaller than the model, one pixel, long, odd.
    """
    generator = np.random.default_rng(5)
    sizes = [(64, 64), (1, 1), (7, 300), (301, 65), (63, 64), (500, 400), (2, 3)]
    made = []
    for number, (height, width) in enumerate(sizes):
        image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        path = tmp_path / f"{number}.rgb"
        path.write_bytes(image.tobytes())
        made.append((width, height, path, image))
    return made


@pytest.fixture
def assert_python_s_pixels():
    """A function: FILE.pixels of each picture is what Python makes of it."""
    from edge_runtime.photos.preprocessing import preprocess

    def check(pictures, size_px):
        for _, _, path, image in pictures:
            expected = preprocess(image, size_px)
            found = np.fromfile(f"{path}.pixels", np.uint8).reshape(expected.shape)
            np.testing.assert_array_equal(found, expected)

    return check


@pytest.fixture
def assert_python_s_verdicts():
    """A function: lines "stored, decision, probability" are what Python says."""
    from edge_runtime.evaluation.temperature import calibrated
    from edge_runtime.verdict import decision

    def check(lines, card):
        assert lines
        for line in lines:
            stored, said, probability = line.split("\t")
            output = np.array([int(float(stored))], np.uint8)
            score = float(card.output.quantization.restore(output)[0])
            assert said == decision(score, card, ())
            # exp and log of two libraries may differ in the last digits.
            expected = calibrated(score, card.temperature)
            assert float(probability) == pytest.approx(expected, rel=1e-12)

    return check


@pytest.fixture
def assert_python_s_answers(assert_python_s_pixels, assert_python_s_verdicts):
    """A function: FILE.pixels, and lines "stored, decision, probability, …", are right.

    That is what Python and the model itself make of each picture.
    """
    from edge_runtime.model.file import read_model_file
    from edge_runtime.model.interpreter import open_model_file
    from edge_runtime.photos.preprocessing import preprocess

    def check(lines, pictures, model):
        file = read_model_file(model)
        assert_python_s_pixels(pictures, file.card.input.size_px)
        assert_python_s_verdicts(
            ["\t".join(line.split("\t")[:3]) for line in lines], file.card
        )
        opened = open_model_file(file)
        for line, (_, _, _, image) in zip(lines, pictures, strict=True):
            pixels = preprocess(image, file.card.input.size_px)
            assert float(line.split("\t")[0]) == opened.infer(pixels[np.newaxis])[0]

    return check


@pytest.fixture
def spoilt_photos(root, tmp_path):
    """Raw pictures: drawn samples, real ones where they are, some spoilt on purpose."""
    from edge_runtime.photos.decoding import read_photo

    named = os.environ.get("LESION_EDGE_FANCONIC", root / "../shared/data/fanconic")
    real = sorted(Path(named).glob("test/*/*.jpg"))
    paths = [*sorted((root / "samples").glob("*.png")), *real[:: len(real) // 40 or 1]]
    images = [read_photo(path) for path in paths]
    images += [images[1] // 16, 255 - images[2] // 20, images[3] * 0 + 90]
    images += [images[4][:20, :20], images[5][:40, :90]]
    images += [np.where(images[6] > 128, 255, images[6]).astype(np.uint8)]
    images += [np.ascontiguousarray(images[7][..., ::-1])]
    made = []
    for number, image in enumerate(images):
        path = tmp_path / f"photo{number}.rgb"
        path.write_bytes(image.tobytes())
        made.append((image.shape[1], image.shape[0], path, image))
    return made


@pytest.fixture
def assert_python_s_look():
    """A function: lines that end in "verdict, findings" are what Python says."""
    from edge_runtime import LesionClassifier

    def check(lines, photos, model):
        # Kits have no finding about the framing: their apps let people frame.
        classifier = LesionClassifier.load(model, threads=1, accepted=["framing"])
        seen = set()
        for (*_, image), line in zip(photos, lines, strict=True):
            ours = classifier.classify(image)
            *_, verdict, findings = line.split("\t")
            names = [name for name in findings.split(",") if name]
            expected = [each.name for each in ours.findings]
            assert names == [name for name in expected if name != "framing"]
            assert verdict == ours.decision
            seen |= {*names}
        assert len(seen) >= 6, seen

    return check
