"""What tests of the runtime share: drawn photos, a card, and a model where one is."""

import dataclasses
import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import InterpreterMissingError
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.card import (
    CARD_FORMAT,
    Accuracy,
    Comparison,
    Data,
    InputSpec,
    ModelCard,
    OutputSpec,
    Provenance,
    Share,
    Threshold,
    Uncertainty,
)
from edge_runtime.model.file import write_model_file

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def model_path():
    """The smallest model file at hand: $LESION_EDGE_TEST_MODEL, else of models/."""
    named = os.environ.get("LESION_EDGE_TEST_MODEL")
    if named:
        return Path(named)
    found = sorted(
        (ROOT / "models").glob("*.tflite"), key=lambda path: path.stat().st_size
    )
    if not found:
        pytest.skip("models/ holds no model yet; set LESION_EDGE_TEST_MODEL to one")
    return found[0]


@pytest.fixture(scope="session")
def classifier(model_path):
    """That model, opened; needs an interpreter."""
    try:
        return LesionClassifier.load(model_path)
    except InterpreterMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def drawn():
    """Function that draws a lesion on skin: RGB of shape (height, width, 3).

    Another seed is another frame of the same lesion. It is brown, uneven and
    soft-edged, as the runtime expects of a lesion.
    """

    def draw(height=96, width=128, *, skin=(200, 150, 130), seed=0):
        rows, columns = np.mgrid[:height, :width]
        shape = np.random.default_rng(1)

        def clouds(side, deviation):
            field = Image.fromarray(
                shape.normal(0, deviation, (side, side)).astype("f")
            )
            return np.asarray(field.resize((width, height), Image.Resampling.BICUBIC))

        # Upper left of the centre, so that no flip or turn leaves the picture as it is.
        far = np.hypot(rows - 0.45 * height, (columns - 0.4 * width) * 0.7) / height
        lesion = 1 / (1 + np.exp((far + clouds(7, 0.03) - 0.25) / 0.03))
        brown = lesion * (1 + clouds(14, 0.25)) + clouds(10, 0.06) + clouds(48, 0.05)
        noise = np.random.default_rng(seed).normal(1, 0.02, (height, width))
        light = (noise + clouds(4, 0.03))[..., np.newaxis]
        depth = np.maximum(brown, -0.2)[..., np.newaxis]
        shade = np.exp(-depth * (0.5, 0.95, 1.1)) * light
        return (np.array(skin) * shade).clip(0, 255).astype(np.uint8)

    return draw


@pytest.fixture(scope="session")
def encoded():
    """Function that encodes an RGB array or a PIL image: ``(image, format, ...)``."""

    def encode(image, file_format, **options):
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        file = io.BytesIO()
        image.save(file, file_format, **options)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def flatbuffer():
    """Bytes that begin as a TFLite model does; no interpreter would run them."""
    return b"\x1c\x00\x00\x00TFL3" + bytes(range(200))


@pytest.fixture(scope="session")
def card(flatbuffer):
    """A complete and consistent card of ``flatbuffer``."""
    share = Share(value=0.95, low=0.90, high=0.98, successes=95, n=100)
    temperature = 1.5
    return ModelCard(
        format=CARD_FORMAT,
        name="cnn32.qat_int8",
        network="cnn32",
        recipe="qat_int8",
        created="2025-01-31T12:00:00+00:00",
        description="A card for tests.",
        notice="Research and education; not a medical device.",
        licence="none",
        model_sha256=hashlib.sha256(flatbuffer).hexdigest(),
        input=InputSpec(32, "uint8", 1 / 255, 0, mean=0.0, std=255.0),
        output=OutputSpec("uint8", 1 / 256, 0),
        temperature=temperature,
        threshold=Threshold(
            score=0.375,
            stored=96,
            probability=calibrated(0.375, temperature),
            target_recall=0.95,
            split="val",
            recall=share,
            specificity=share,
        ),
        uncertainty=Uncertainty(
            low_score=0.25,
            low_probability=calibrated(0.25, temperature),
            rule="as wide as the tests need",
            share=share,
        ),
        comparison=Comparison("val", 200, 0.96, 0.95, 1, 0, 2, 3, 0.02, 0.004, 180),
        accuracy=(
            Accuracy("val", 0.95, 0.93, 0.97, share, share, 0.04),
            Accuracy("test_clean", 0.94, 0.92, 0.96, share, share, 0.05),
        ),
        data=Data("drawn", "0" * 64, "none", 300, 200, 100, ("skin tone",)),
        provenance=Provenance(
            source_sha256="0" * 64,
            training={"seed": 0, "augmentation": {"flip": 0.5}, "layers": [1, 2]},
            conversion={"recipe": "qat_int8"},
            tools={"tensorflow": "2.21.0"},
            parameters=94_378,
            block_order="conv → relu → batch norm → relu",
            quantisation={"conv": "per channel"},
            kernel_family="xnnpack",
        ),
    )


@pytest.fixture
def made_model(tmp_path, flatbuffer, card):
    """Path of a model file that reads well, though no interpreter would run it."""
    path = tmp_path / "made.tflite"
    write_model_file(path, flatbuffer, card, ("malignant",), golden=b"golden vectors")
    return path


@pytest.fixture(scope="session")
def changed():
    """Function: a dataclass with one nested field replaced, by dotted path."""

    def change(value, path, new):
        name, _, rest = path.partition(".")
        if rest:
            new = change(getattr(value, name), rest, new)
        return dataclasses.replace(value, **{name: new})

    return change
