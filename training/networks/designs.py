"""The networks that can be trained here, by name: one row each, no framework.

``cnn32``, ``cnn64`` and ``cnn128`` are the networks of the published project this
toolkit grew from, ``separable32`` and ``separable64`` our own, and the others published
networks that can start from ImageNet weights, alone or joined. The modules beside this
one build them with Keras, which takes seconds to import: a command line has to know
the names at once.
"""

from collections import ChainMap
from dataclasses import dataclass

BLOCK_ORDERS = {
    "relu_bn_relu": "conv, relu, batch norm, relu: as the published project prints it",
    "bn_relu": "conv, batch norm, relu: the usual order",
}

CONCAT, METABLOCK = "concat", "metablock"
FUSIONS = {
    CONCAT: "beside the image's features, before a layer of 32 that sees both",
    METABLOCK: "as gates of the feature maps (doi:10.1109/JBHI.2021.3062002)",
}

DENSE_UNITS = 512
"""Of the published project's networks."""

LITE_NAMES = ("efficientnetlite0", "efficientnetlite1", "efficientnetlite2")


@dataclass(frozen=True)
class Network:
    """One row of ``NETWORKS``.

    Attributes:
        name: ends in the input size.
        size_px: side of the square input.
        filters: of the four convolutions.
        first_kernel: side of the first convolution's kernel; the others have 3.
        branches: thin networks it is trained as, see ``branches.py``.
    """

    name: str
    size_px: int
    filters: tuple[int, int, int, int]
    first_kernel: int
    branches: int = 1


NETWORKS = {
    network.name: network
    for network in (
        Network("cnn32", 32, (64, 40, 30, 25), first_kernel=2),
        Network("cnn64", 64, (128, 80, 60, 50), first_kernel=2, branches=2),
        Network("cnn128", 128, (192, 120, 90, 75), first_kernel=1, branches=3),
    )
}


@dataclass(frozen=True)
class Separable:
    """One row of ``SEPARABLE``.

    Attributes:
        name: ends in the input size.
        size_px: side of the square input.
        stem: filters of the first, full convolution.
        stem_stride: its stride.
        blocks: filters and stride of each depthwise-separable block.
    """

    name: str
    size_px: int
    stem: int
    stem_stride: int
    blocks: tuple[tuple[int, int], ...]
    branches: int = 1


SEPARABLE = {
    network.name: network
    for network in (
        Separable(
            name="separable32",
            size_px=32,
            stem=24,
            stem_stride=1,
            blocks=((48, 2), (64, 1), (96, 2), (96, 1), (160, 2), (192, 1)),
        ),
        Separable(
            name="separable64",
            size_px=64,
            stem=24,
            stem_stride=2,
            blocks=(
                *((48, 1), (96, 2), (96, 1), (160, 2)),
                *((160, 1), (160, 1), (256, 2), (320, 1)),
            ),
        ),
    )
}


@dataclass(frozen=True)
class Part:
    """A published network without its top.

    Attributes:
        architecture: a key of ``ARCHITECTURES``.
        alpha: width, as a share of the published network's; 1 where it is fixed.
        last_layer: where it is cut off; none keeps all of it.
        scale: factor of all that it says with published weights; for networks of
            convolutions and ReLUs only.
        still: with published weights, layers up to this one stay as they are. The
            first layers see lines and colours, and cost most of the time of a step.
    """

    architecture: str
    alpha: float = 1.0
    last_layer: str | None = None
    scale: float = 1.0
    still: str | None = None


@dataclass(frozen=True)
class Backbone:
    """One row of ``BACKBONES``.

    Attributes:
        name: ends in the input size.
        size_px: side of the square input.
        parts: networks that look at the photo side by side.
        dense_stem: the first convolution takes every pixel instead of every second
            one, so that a small photo is seen at the scale of one twice as large.
        units: 1: a sigmoid; 2: softmax, other and malignant.
    """

    name: str
    size_px: int
    parts: tuple[Part, ...]
    dense_stem: bool = False
    units: int = 1
    branches: int = 1


MOBILENET = Part("mobilenet", 0.25)
MOBILENET_V2 = Part("mobilenetv2", 0.35)
SQUEEZENET = Part("squeezenet")
TEACHERS = (MOBILENET, MOBILENET_V2, SQUEEZENET)
_FIRST_LITE_STAGES = "block2_add"
# These end where a linear classifier of what they say does best (training/probe.py).
LITE0 = Part(
    "efficientnetlite0", last_layer="block11_expand_relu", still=_FIRST_LITE_STAGES
)
# Cut off in its middle SqueezeNet then says as much as others do beside it (deviations
# of 0.6 and 0.1 to 0.7 between photos), and one learning rate suits all.
FIRES = Part("squeezenet", last_layer="fire6_concat", scale=1 / 16)
SIZES_PX = (64, 96, 128)
TEACHER_PX = 160
# The lightweight networks of arXiv 2110.12270, and more of their kind; widths that
# have published weights.
WIDTHS = {
    "mobilenet": (0.25, 0.5, 1.0),
    "mobilenetv2": (0.35, 0.5, 1.0),
    "mobilenetv3small": (0.75, 1.0),
}
ONE_WIDTH = ("nasnetmobile", "efficientnetb0", "squeezenet")


def _rows(part: Part, width: str) -> list[Backbone]:
    sizes_px = (*SIZES_PX, TEACHER_PX) if part in TEACHERS else SIZES_PX
    return [
        Backbone(f"{part.architecture}{width}_{size_px}", size_px, (part,))
        for size_px in sizes_px
    ]


def _lightweight() -> list[Backbone]:
    # The names say the width in hundredths: mobilenetv2a35_128.
    rows = [
        _rows(Part(name, alpha), f"a{round(100 * alpha)}")
        for name, widths in WIDTHS.items()
        for alpha in widths
    ]
    rows += [_rows(Part(name), "") for name in ONE_WIDTH]
    rows += [_rows(Part(name, still=_FIRST_LITE_STAGES), "") for name in LITE_NAMES]
    return [row for group in rows for row in group]


BACKBONES = {
    row.name: row
    for row in [
        *_lightweight(),
        Backbone(
            "lesion32",
            32,
            (Part("mobilenet", 0.25, last_layer="conv_pw_8_relu"),),
            dense_stem=True,
        ),
        Backbone("lesion64", 64, (MOBILENET,), dense_stem=True),
        # The same network, for smartphone photos and answers: it starts from lesion64.
        Backbone("phone64", 64, (MOBILENET,), dense_stem=True),
        Backbone("lesion128", 128, (LITE0, FIRES)),
        Backbone("joined128", 128, (MOBILENET, MOBILENET_V2, FIRES)),
        Backbone("lite160", TEACHER_PX, (LITE0,)),
        # The published project's largest network, with its two softmax units.
        Backbone("resnet101v2_64", 64, (Part("resnet101v2"),), units=2),
    ]
}


Design = Network | Separable | Backbone

# A live view: a row that is added to a table can be trained.
DESIGNS: ChainMap[str, Design] = ChainMap(NETWORKS, SEPARABLE, BACKBONES)  # type: ignore[arg-type]
