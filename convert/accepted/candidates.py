"""The models of ``docs/accepted-models.md``: how each is built, fed, saved, converted.

They are written the way keras.io, Kaggle and the papers write them; the backbones come
from ``keras.applications`` itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tf_keras

from convert.accepted import fragments
from convert.graph.head import (
    LINEAR,
    LOGIT,
    PROBABILITY,
    SHARES,
    SIGMOIDS,
    SOFTMAX,
    TANH,
)
from convert.graph.input_rule import InputRule

Build = Callable[[Any, int, int], Any]
"""(framework, side in pixels, number of classes) -> model, not compiled."""

RAW, UNIT, SIGNED = InputRule("0..255"), InputRule("0..1"), InputRule("-1..1")
TORCH = InputRule("0..1", "rgb", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = InputRule("0..255", "bgr", (103.939, 116.779, 123.68))


@dataclass(frozen=True)
class Candidate:
    """One row.

    Attributes:
        name: in the table and for the model's file.
        about: what is special.
        build: see ``Build``.
        size_px: side of its pictures.
        rule: what it is fed.
        kind: what it gives, see ``convert.graph.head``.
        suffix: of its file: ``.keras``, ``.h5``, or nothing for a SavedModel.
        framework: Keras 3, or tf_keras for Keras 2.
        policy: precision it is trained in.
        options: of the conversion, beside model, manifest, recipe and folder.
        epochs: of training.
        weights: file name of ImageNet weights; the row is left out without it.
    """

    name: str
    about: str
    build: Build
    size_px: int = 64
    rule: InputRule = RAW
    kind: str = PROBABILITY
    suffix: str = ".keras"
    framework: Any = keras
    policy: str = "float32"
    options: tuple[str, ...] = ()
    epochs: int = 12
    weights: str = ""

    @property
    def recipes(self) -> tuple[str, ...]:
        """Of int8: a SavedModel of Keras 3 has no layers to fine-tune."""
        has_layers = self.suffix or self.framework is tf_keras
        return ("qat_int8", "ptq_int8") if has_layers else ("ptq_int8",)


def _asked(rule: InputRule) -> tuple[str, ...]:
    return tuple(rule.options.split())


def _backbone(name: str, size_px: int, rule: InputRule, about: str) -> Candidate:
    return Candidate(
        name=name,
        about=about,
        build=partial(fragments.on_backbone, name),
        size_px=size_px,
        rule=rule,
        options=() if rule == RAW else _asked(rule),
        epochs=5,
    )


_OWN = "Rescaling inside; random weights"
_SIGNED = "fed -1..1; random weights"
CANDIDATES = (
    Candidate("cnn", "Rescaling and augmentation inside", fragments.cnn),
    Candidate("cnn_01", "fed 0..1", fragments.plain_cnn, rule=UNIT),
    Candidate("cnn_h5", "Keras 3 .h5", fragments.cnn, suffix=".h5"),
    Candidate(
        "cnn_keras_2_h5",
        "Keras 2 .h5",
        fragments.cnn,
        suffix=".h5",
        framework=tf_keras,
    ),
    Candidate(
        "cnn_keras_2", "Keras 2 .keras", fragments.cnn, framework=tf_keras
    ),
    Candidate("cnn_saved_model", "model.export", fragments.cnn, suffix=""),
    Candidate(
        "cnn_saved_model_2",
        "SavedModel of Keras 2",
        fragments.cnn,
        suffix="",
        framework=tf_keras,
    ),
    Candidate(
        "cnn_mixed_float16", "mixed precision", fragments.cnn, policy="mixed_float16"
    ),
    Candidate(
        "cnn_torch",
        "mean and deviation of torch outside, asked for",
        fragments.plain_cnn,
        rule=TORCH,
        options=_asked(TORCH),
    ),
    Candidate(
        "cnn_caffe",
        "BGR less the means of caffe outside, asked for",
        fragments.plain_cnn,
        rule=CAFFE,
        options=_asked(CAFFE),
    ),
    Candidate(
        "cnn_grey", "one channel", partial(fragments.cnn, channels=1),
        rule=InputRule("0..255", grey=True),
    ),
    Candidate(
        "cnn_any_size",
        "takes (None, None, 3)",
        fragments.any_size,
        options=("--image-size", "64"),
    ),
    Candidate("vgg_like", "VGG with batch norms", fragments.vgg_like),
    Candidate(
        "logit",
        "one logit, from_logits=True",
        partial(fragments.cnn, head="logit"),
        kind=LOGIT,
    ),
    Candidate(
        "two_softmax",
        "two softmax units",
        partial(fragments.cnn, head="softmax"),
        kind=SOFTMAX,
    ),
    Candidate(
        "two_sigmoids",
        "two sigmoids on one-hot labels",
        partial(fragments.cnn, head="sigmoids"),
        kind=SIGMOIDS,
    ),
    Candidate(
        "tanh", "tanh on -1 and 1", partial(fragments.cnn, head="tanh"),
        kind=TANH,
    ),
    Candidate(
        "squared_error", "linear, mean squared error",
        partial(fragments.cnn, head="logit"), kind=LINEAR,
    ),
    Candidate(
        "diagnoses", "one softmax unit a diagnosis",
        partial(fragments.cnn, head="classes"),
        kind=SHARES,
    ),
    Candidate(
        "se_hard_sigmoid", "squeeze and excite, hard_sigmoid",
        partial(fragments.squeezed, gate="hard_sigmoid"),
    ),
    Candidate("mish", "mish", partial(fragments.cnn, activation="mish")),
    Candidate("elu", "elu", partial(fragments.cnn, activation="elu")),
    Candidate(
        "leaky_relu", "leaky ReLU", partial(fragments.cnn, activation="leaky_relu")
    ),
    Candidate(
        "group_norm", "group normalisation", partial(fragments.cnn, norm="group")
    ),
    Candidate("vit", "vision transformer of four blocks", fragments.vit, epochs=20),
    Candidate(
        "mobilenet_imagenet",
        "MobileNet 0.25 from ImageNet, frozen",
        partial(fragments.on_imagenet, "MobileNet", 0.25),
        size_px=96,
        rule=SIGNED,
        options=_asked(SIGNED),
        epochs=20,
        weights="mobilenet_2_5_224_tf_no_top.h5",
    ),
    Candidate(
        "mobilenetv2_imagenet",
        "MobileNetV2 0.35 from ImageNet, frozen, nested",
        partial(fragments.on_imagenet, "MobileNetV2", 0.35),
        size_px=96,
        rule=SIGNED,
        options=_asked(SIGNED),
        epochs=20,
        weights="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
    ),
    _backbone("MobileNetV3Small", 64, RAW, _OWN),
    _backbone("EfficientNetV2B0", 64, RAW, _OWN),
    _backbone("ResNet50", 64, CAFFE, "caffe outside, asked for; random weights"),
    _backbone("ResNet50V2", 64, SIGNED, _SIGNED),
    _backbone("DenseNet121", 64, TORCH, "torch outside, asked for; random weights"),
    _backbone("ConvNeXtTiny", 64, RAW, "Normalization inside; random weights"),
    _backbone("Xception", 72, SIGNED, _SIGNED),
    _backbone("InceptionV3", 80, SIGNED, _SIGNED),
    _backbone("MobileNetV3Large", 64, RAW, _OWN),
    _backbone("EfficientNetB0", 64, RAW, _OWN),
    _backbone("NASNetMobile", 64, SIGNED, _SIGNED),
)  # fmt: skip
