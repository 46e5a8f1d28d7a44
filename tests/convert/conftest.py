"""A tiny network in every form that the converter's tests need, made in seconds."""

import dataclasses
import hashlib
import warnings

import numpy as np
import pytest

from convert.cards.golden import golden_npz
from convert.cards.golden_pictures import golden_pngs
from convert.checks.evidence import gather_evidence
from convert.tflite.metadata import Description, with_metadata
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.card import (
    CARD_FORMAT,
    Data,
    InputSpec,
    ModelCard,
    OutputSpec,
    Provenance,
)
from edge_runtime.model.file import read_model_file, write_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.model.quantization import Quantization
from edge_runtime.site_calibration.file import (
    SITE_FORMAT,
    SITE_SPLIT,
    SiteCalibration,
    site_path,
    write_site_file,
)

SIZE_PX = 16


@pytest.fixture(scope="session")
def tiny_models():
    """FlatBuffers by kind; two convolutions of 8 and 6 filters, dense 12, dense 1."""
    pytest.importorskip("tensorflow")
    standard, readme = _network(rectify_first=False), _network(rectify_first=True)
    return {
        "float32": _converted(standard),
        "int8": _converted(standard, int8=True),
        "int8_float_edges": _converted(standard, int8=True, edges="float32"),
        "int8_unfused": _converted(readme, int8=True),
        "float16_unfused": _converted(readme, float16=True),
    }


@pytest.fixture(scope="session")
def randomised():
    """A function that gives a Keras 3 model weights as if it had been trained long.

    Scales of batch norm are of both signs, some of them 0; the last dense layer's
    outputs have mean 0 and deviation 2 on photos of all colours.
    """

    def randomise(model, seed=0):
        generator = np.random.default_rng(seed)
        for layer in model.layers:
            arrays = layer.get_weights()
            if type(layer).__name__ == "BatchNormalization":
                channels = arrays[-1].shape
                given = [generator.normal(0, 0.3, channels) for _ in arrays]
                if layer.center:
                    # Shifts that let most channels of negative scale live.
                    given[-3] = generator.normal(0.8, 0.5, channels)
                if layer.scale:
                    signs = generator.choice([-1, 1], channels)
                    given[0] = signs * generator.uniform(0.7, 1.5, channels)
                    given[0][:: max(2, channels[0] // 2)] = 0
                layer.set_weights([*given[:-1], generator.uniform(0.05, 0.5, channels)])
            elif arrays:
                # Keeps the size of what is passed on.
                spread = np.sqrt(2 / np.prod(arrays[0].shape[:-1]))
                kernel = generator.normal(0, spread, arrays[0].shape)
                biases = [generator.normal(0, 0.2, x.shape) for x in arrays[1:]]
                layer.set_weights([kernel, *biases])
        return _centre(model, generator)

    return randomise


@pytest.fixture(scope="session")
def centred():
    """A function that scales a model's last layer: outputs of mean 0, deviation 2."""

    def centre(model):
        return _centre(model, np.random.default_rng(7))

    return centre


@pytest.fixture(scope="session")
def small_network(randomised):
    """A function: a 16-px network in a block order, with randomised weights."""

    def make(order, seed=0):
        from training.networks.designs import Network
        from training.networks.published_cnn import build

        network = Network("small16", SIZE_PX, (8, 6, 6, 6), first_kernel=2)
        return randomised(build(network, block_order=order, dense_units=12), seed)

    return make


@pytest.fixture(scope="session")
def lesions():
    """A function: photos of discs on skin, which the models score high and low."""

    def draw(count, size_px, seed=0):
        generator = np.random.default_rng(seed)
        rows, columns = np.mgrid[:size_px, :size_px] / size_px - 0.5
        disc = np.hypot(rows, columns)[..., np.newaxis]
        for _ in range(count):
            radius, skin = generator.random(), generator.uniform((150, 90, 70), 245)
            lesion = skin * generator.uniform(0.3, 1.1, 3)
            noise = generator.normal(0, 6, (size_px, size_px, 3))
            photo = np.where(disc < radius / 2, lesion, skin) + noise
            yield photo.clip(0, 255).astype(np.uint8)

    return draw


@pytest.fixture
def card():
    """The card of a 32-px model that does not exist: uint8 at both edges."""
    return _card(
        size_px=32,
        given=Quantization(1 / 255, 0, np.uint8),
        gained=Quantization(1 / 256, 0, np.uint8),
        model_sha256="0" * 64,
        kernel_family="xnnpack",
    )


@pytest.fixture(scope="session")
def model_file(tiny_models, tmp_path_factory):
    """Path of a complete model file; only read it, as all tests share it."""
    return _complete(tiny_models["int8"], tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def float_model_file(tiny_models, tmp_path_factory):
    """The same with floats at its edges and pixels from -1 to 1."""
    folder = tmp_path_factory.mktemp("float_models")
    return _complete(tiny_models["float32"], folder, mean=127.5, std=127.5)


def _complete(content, folder, mean=0.0, std=255.0):
    description = Description("tiny16.ptq_int8", "t", "0", "us", "none", 16, mean, std)
    model = with_metadata(content, description)
    opened = open_interpreter(model)
    card = _card(
        size_px=SIZE_PX,
        given=opened.input,
        gained=opened.output,
        model_sha256=hashlib.sha256(model).hexdigest(),
        kernel_family=opened.kernel_family,
    )
    spec = dataclasses.replace(card.input, mean=mean, std=std)
    card = dataclasses.replace(card, input=spec)
    golden = golden_npz(golden_pngs(SIZE_PX), opened.infer, card)
    path = folder / "tiny16.ptq_int8.tflite"
    write_model_file(path, model, card, ("malignant",), golden)
    return path


def _centre(model, generator):
    import keras

    colours = generator.random((64, 1, 1, 3))
    noise = generator.uniform(0.7, 1, (64, *model.input_shape[1:]))
    last = model.layers[-1]
    features = keras.Model(model.inputs[0], last.input)(np.float32(noise * colours))
    kernel, bias = last.get_weights()
    given = np.asarray(features) @ kernel
    kernel *= 2 / given.std()
    last.set_weights([kernel, bias * 0 - 2 * given.mean() / given.std()])
    return model


def _network(*, rectify_first):
    import keras

    layers, generator = keras.layers, np.random.default_rng(0)
    given = inner = keras.Input((SIZE_PX, SIZE_PX, 3), batch_size=1)
    for filters in (8, 6):
        inner = layers.Conv2D(filters, 3, padding="same")(inner)
        if rectify_first:
            inner = layers.ReLU()(inner)
        inner = layers.BatchNormalization()(inner)
        inner = layers.MaxPool2D()(layers.ReLU()(inner))
    inner = layers.Dense(12, activation="relu")(layers.Flatten()(inner))
    network = keras.Model(given, layers.Dense(1, activation="sigmoid")(inner))
    for layer in network.layers:
        # Statistics as after training: those of a fresh layer would fold to nothing.
        spread = 0.1 if isinstance(layer, layers.BatchNormalization) else 0.4
        shift = 1.0 if isinstance(layer, layers.BatchNormalization) else 0.0
        layer.set_weights(
            [shift + generator.normal(0, spread, x.shape) for x in layer.get_weights()]
        )
    return network


def _converted(network, *, float16=False, int8=False, edges="uint8"):
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if float16:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    if int8:
        photos = np.random.default_rng(1).random((8, 1, SIZE_PX, SIZE_PX, 3))
        photos[:2] = np.array([0, 1]).reshape(2, 1, 1, 1, 1)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: ([x] for x in np.float32(photos))
        converter.inference_input_type = tf.dtypes.as_dtype(edges)
        converter.inference_output_type = tf.dtypes.as_dtype(edges)
    with warnings.catch_warnings():
        # TensorFlow's own: it warns that it ignores what the dataset makes needless.
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
        return converter.convert()


def _card(*, size_px, given, gained, model_sha256, kernel_family):
    """A card whose evidence comes from drawn lots."""
    generator = np.random.default_rng(2)
    labels = np.arange(80) % 2
    keras_scores = np.clip(0.3 + 0.3 * labels + generator.normal(0, 0.2, 80), 0, 0.99)
    evidence = gather_evidence(
        labels,
        keras_scores,
        gained.restore(gained.store(keras_scores)),
        output=gained,
        target_recall=0.95,
    )
    return ModelCard(
        format=CARD_FORMAT,
        name="tiny16.ptq_int8",
        network="tiny16",
        recipe="ptq_int8",
        created="2025-01-01T00:00:00Z",
        description="A tiny network for tests; it judges nothing.",
        notice="Research and education; not a medical device.",
        licence="none",
        model_sha256=model_sha256,
        input=InputSpec(
            size_px, given.dtype_name, given.scale, given.zero_point, 0.0, 255.0
        ),
        output=OutputSpec(gained.dtype_name, gained.scale, gained.zero_point),
        temperature=evidence.temperature,
        threshold=evidence.threshold,
        uncertainty=evidence.uncertainty,
        comparison=evidence.comparison,
        accuracy=evidence.measured.accuracy,
        data=Data("drawn lots", "0" * 64, "none", 1, 80, 0, ("skin tone",)),
        provenance=Provenance(
            source_sha256="0" * 64,
            training={},
            conversion={},
            tools={"numpy": np.__version__},
            parameters=1234,
            block_order="conv → batch norm → relu",
            quantisation={"Conv2D": "int8, per channel"},
            kernel_family=kernel_family,
        ),
    )


@pytest.fixture
def site_file():
    """Function: writes a site file with a higher threshold beside a model file.

    It returns the site's threshold, as a score.
    """

    def write(path):
        card = read_model_file(path).card
        score, temperature = 0.75, card.temperature * 1.5
        accuracy = dataclasses.replace(card.accuracy[0], split=SITE_SPLIT)
        threshold = dataclasses.replace(
            card.threshold,
            score=score,
            stored=int(card.output.quantization.store(np.array([score]))[0]),
            probability=calibrated(score, temperature),
            split=SITE_SPLIT,
        )
        uncertainty = dataclasses.replace(
            card.uncertainty,
            low_score=0.5,
            low_probability=calibrated(0.5, temperature),
        )
        site = SiteCalibration(
            format=SITE_FORMAT, notice=card.notice, model=card.name,
            model_sha256=card.model_sha256, created="2026-01-01T00:00:00+00:00",
            photos="photos", photos_sha256="0" * 64, lesions_malignant=60,
            lesions_other=50, left_out=0, temperature=temperature, threshold=threshold,
            uncertainty=uncertainty, accuracy=accuracy,
            card_threshold_accuracy=accuracy,
        )  # fmt: skip
        write_site_file(site_path(path), site)
        return score

    return write
