"""From a Keras model and a manifest to a checked FlatBuffer with its scores."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tf_keras
from numpy.typing import NDArray
from tqdm import tqdm

from convert.checks.gates import Finding
from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.nodes import built
from convert.quantize.bias_correction import bias_corrected
from convert.quantize.calibration_photos import representative_batches
from convert.quantize.export import flatbuffer
from convert.quantize.mixed_precision import layers_of, refuse_unknown_layers
from convert.quantize.qat import fine_tuned, learnt
from convert.quantize.recipes import RECIPES, FineTuning, Recipe
from convert.source.answers import answers_of, together
from convert.source.model import Source
from convert.source.opaque_model import Whole
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.photos.manifest import LabelledPhoto, photos_of
from edge_runtime.photos.preprocessing import load_pixels, preprocess
from training.augmentation.pipelines import AUGMENTATIONS
from training.fitting.batches import AugmentedPhotos, decoded_squares, labels_of

# Largest difference of a probability between the Keras 3 model and its folded tf_keras
# rebuild: float32 rounding in another order of summation.
SAME_FUNCTION = 1e-5
# The same for deep networks, whose rounding adds up (0.00006 was seen after 53
# convolutions): a tenth of half a step of an 8-bit score.
SAME_DEEP_FUNCTION = 2e-4
DEEP = 20
"""Layers with weights beyond which a network is deep."""

# Normalisation of all networks trained here: real input = pixel / 255.
MEAN, STD = 0.0, 255.0

BATCH_SIZE = 16


@dataclass(frozen=True)
class Photos:
    """Preprocessed photos of one split, read once and scored by both models.

    Attributes:
        pixels: shape ``(n, size, size, 3)``; uint8.
        labels: 1 for malignant; shape ``(n,)``.
        answers: about the lesions; shape ``(n, slots)``; None for the photo alone.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    answers: NDArray[np.float32] | None = None

    def resized(self, size_px: int) -> "Photos":
        """The same photos as smaller squares; themselves where they have that size."""
        if self.pixels.shape[1] == size_px:
            return self
        return replace(
            self, pixels=np.stack([preprocess(each, size_px) for each in self.pixels])
        )

    @property
    def size_px(self) -> int:
        """Side of the squares."""
        return int(self.pixels.shape[1])

    @property
    def real(self) -> NDArray[np.float32]:
        """The model's real input, as far as it is the picture."""
        return (self.pixels.astype(np.float32) - MEAN) / STD


def read_photos(
    photos: Sequence[LabelledPhoto], size_px: int, what: str, slots: int = 0
) -> Photos:
    """Preprocess photos as the runtime does, with a progress bar named ``what``.

    Args:
        photos: rows of the manifest.
        size_px: side of the squares.
        what: they are.
        slots: of the model's answers; see ``Source``.
    """
    bar = tqdm(photos, desc=what, unit="photo")
    pixels = [load_pixels(photo.path, size_px) for photo in bar]
    return Photos(np.stack(pixels), labels_of(photos), answers_of(photos, slots))


def keras_scores(source: Source, photos: Photos) -> NDArray[np.float64]:
    """Probabilities of the Keras model."""
    if photos.answers is not None:
        return source.scores([photos.real, photos.answers])
    return source.scores(photos.real)


def file_scores(model: TfliteModel, photos: Photos) -> NDArray[np.float64]:
    """Probabilities of the converted file, through its own interpreter."""
    table = model.input.store_pixels(MEAN, STD)
    outputs = (
        [model.infer(table[pixels][None]) for pixels in photos.pixels]
        if photos.answers is None or model.answers is None
        else [
            model.infer(table[pixels][None], told[None])
            for pixels, told in zip(
                photos.pixels, model.answers.store(photos.answers), strict=True
            )
        ]
    )
    return np.array([float(model.output.restore(output)[0]) for output in outputs])


def rebuilt(
    source: Source, photos: Photos, recipe: Recipe | None = None
) -> tf_keras.Model | Whole:
    """The folded tf_keras form of the model, proved to be the same function.

    Where the model cannot be taken apart and ``recipe`` needs no layers, it is left
    whole.

    Raises:
        ConversionError: when a probability differs by more than ``SAME_FUNCTION``, or
            the model cannot be taken apart but has to be.
    """
    if source.slots:
        return Whole(source)
    try:
        nodes = folded(source.nodes)
    except ConversionError:
        if recipe is None or recipe.trains:
            raise
        return Whole(source)
    model = built(nodes, source.size_px)
    given = np.asarray(model.predict(photos.real, batch_size=32, verbose=0))[:, 0]
    difference = float(np.abs(given - keras_scores(source, photos)).max())
    deep = sum(bool(node.weights) for node in nodes) > DEEP
    most = SAME_DEEP_FUNCTION if deep else SAME_FUNCTION
    if not difference <= most:
        raise ConversionError(
            f"the tf_keras rebuild of {source.network} differs from the Keras model by"
            f" {difference:.2g} (at most {most}); please report this"
        )
    return model


def converted(
    source: Source,
    model: tf_keras.Model | Whole,
    recipe: Recipe,
    photos: Sequence[LabelledPhoto],
    chosen: Sequence[LabelledPhoto],
    *,
    io: str,
    tuning: FineTuning,
) -> bytes:
    """Fine-tune or calibrate as the recipe asks, and convert.

    Args:
        source: what the model was rebuilt from.
        model: ``rebuilt(source, ...)``.
        recipe: how to convert.
        photos: the whole manifest; only its training split is used.
        chosen: photos that show value ranges, for recipes that calibrate.
        io: dtype of input and output.
        tuning: for recipes that train; and the layers that int8 recipes leave in
            floating point.
    """
    if tuning.keep_float:
        refuse_unknown_layers(tuning.keep_float, layers_of(model))

    def shown() -> Iterator[NDArray[np.float32]]:
        return representative_batches(
            chosen, size_px=source.size_px, mean=MEAN, std=STD
        )

    if recipe.trains:
        train = photos_of(photos, "train")
        augmentation = str(source.settings.get("augmentation", "strong"))
        supply = AugmentedPhotos(
            decoded_squares(train, source.size_px),
            labels_of(train),
            source.size_px,
            AUGMENTATIONS[augmentation],
            BATCH_SIZE,
            tuning.seed,
        )
        tuned = fine_tuned(model, supply, np.concatenate(list(shown())), tuning)
        model = learnt(tuned, model) if tuning.keep_float else tuned
        recipe = RECIPES["ptq_int8"] if tuning.keep_float else recipe
    elif recipe.calibrated and isinstance(model, tf_keras.Model):
        model = bias_corrected(model, np.concatenate(list(shown())), tuning.keep_float)
    return flatbuffer(
        model,
        recipe,
        size_px=source.size_px,
        io=io,
        keep_float=tuning.keep_float,
        representative=lambda: together(
            _over_whole_range(shown()), answers_of(chosen, source.slots)
        ),
        slots=source.slots,
    )


def _over_whole_range(
    batches: Iterable[NDArray[np.float32]],
) -> Iterator[NDArray[np.float32]]:
    """The batches, with pure black and pure white in the first.

    Calibration takes the input's range from what it is shown, and a stored input is the
    pixel itself only where that is the whole range. The darkest and the brightest value
    are moved there, which changes what the layers show the least.
    """
    for number, batch in enumerate(batches):
        if number == 0:
            batch.flat[batch.argmin()] = (0 - MEAN) / STD
            batch.flat[batch.argmax()] = (255 - MEAN) / STD
        yield batch


def input_finding(model: TfliteModel) -> Finding:
    """Whether a stored input is the pixel itself: the range is that of pixels / 255."""
    scale, zero_point = model.input.scale, model.input.zero_point
    if model.input.is_identity:
        return Finding("input-scale", 0, 0, True, "the input is float", "")
    lowest = int(np.iinfo(np.dtype(model.input.dtype_name)).min)
    expected = np.arange(256) + lowest
    stored = model.input.store_pixels(MEAN, STD)
    away = int(np.abs(stored.astype(np.int64) - expected).max())
    return Finding(
        "input-scale",
        away,
        0,
        away == 0,
        f"stored input should be the pixel {lowest:+d}, but the file has scale {scale}"
        f" and zero point {zero_point}: {away} levels away at worst",
        "Check what --input-range says; calibration photos normalised in another way"
        " than in training give such a file, and it calls everything malignant.",
    )
