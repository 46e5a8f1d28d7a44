"""What the published block order costs once it is folded: nothing, or this much.

Run: python convert/block_orders.py --manifest data/fanconic.csv --network cnn64

Builds a network in both orders (conv, relu, batch norm, relu and conv, batch norm,
relu) with batch norms as after training, checks the folded forms against the Keras
models on every photo of the manifest, converts both to int8 and times them in turns.
Exit status 4: the folded block is more than 10 % slower. Timed on one thread.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from edge_runtime.exit_status import exit_status
from edge_runtime.interpreter import open_interpreter
from edge_runtime.latency import measure_latency
from edge_runtime.manifest import LabelledPhoto, read_manifest

ORDERS = ("relu_bn_relu", "bn_relu")
MOST_SLOWER = 1.10
ROUNDS = 15
"""Both are timed in turns, so that whatever else the machine does hits both."""


@dataclass(frozen=True)
class Timed:
    """One block order.

    Attributes:
        order: its name.
        model_bytes: size of the FlatBuffer.
        operations: how many the graph has.
        medians_ms: of each round.
    """

    order: str
    model_bytes: int
    operations: int
    medians_ms: tuple[float, ...]

    @property
    def best_ms(self) -> float:
        """The quietest round: what the machine adds is never negative."""
        return min(self.medians_ms)


def compare(photos: Sequence[LabelledPhoto], network: str, runs: int) -> list[Timed]:
    """Fold, check on every photo, convert and time both orders.

    Raises:
        ConversionError: when a folded form differs from its Keras model by over 1e-5.
    """
    from convert.operators import operators

    models = {order: _converted(photos, network, order) for order in ORDERS}
    opened = {order: open_interpreter(model) for order, model in models.items()}
    medians: dict[str, list[float]] = {order: [] for order in ORDERS}
    stored = np.zeros(opened[ORDERS[0]].input_shape, np.uint8)
    for _ in range(ROUNDS):
        for order, model in opened.items():
            latency = measure_latency(
                lambda model=model: model.infer(stored),  # type: ignore[misc]
                warmup=3,
                runs=runs,
            )
            medians[order].append(latency.median_ms)
    return [
        Timed(
            order,
            len(models[order]),
            len(operators(models[order])),
            tuple(medians[order]),
        )
        for order in ORDERS
    ]


def _converted(photos: Sequence[LabelledPhoto], name: str, order: str) -> bytes:
    # TensorFlow takes seconds to import, which --help need not wait for.
    from convert.conversion import converted, read_photos, rebuilt
    from convert.recipes import RECIPES, FineTuning
    from convert.representative import representative_photos
    from convert.source import Source
    from training.networks import NETWORKS, build

    network = NETWORKS[name]
    model = build(network, block_order=order)
    _as_after_training(model)
    source = Source(model, name, network.size_px, "0" * 64, {})
    every = read_photos(photos, network.size_px, order)
    floating = rebuilt(source, every)
    print(f"{order}: {len(photos)} photos equal within 1e-5", file=sys.stderr)
    return converted(
        source,
        floating,
        RECIPES["ptq_int8"],
        photos,
        representative_photos(photos),
        io="uint8",
        tuning=FineTuning(1, 1e-5),
    )


def _as_after_training(model) -> None:  # type: ignore[no-untyped-def]
    """Positive gains, as training keeps them, and shifts of both signs: many clamps."""
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            channels = layer.get_weights()[0].shape
            gain, shift = (
                generator.uniform(0.5, 1.5, channels),
                generator.normal(0, 0.3, channels),
            )
            mean, variance = (
                generator.normal(0, 0.2, channels),
                generator.uniform(0.05, 0.5, channels),
            )
            layer.set_weights([gain, shift, mean, variance])


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Time the folded published block order against the usual one, int8,"
        " one thread, and check the folding on every photo."
    )
    parser.add_argument("--manifest", type=Path, required=True, help="table of photos")
    parser.add_argument("--network", default="cnn32", help="cnn32, cnn64 or cnn128")
    parser.add_argument("--runs", type=int, default=100, help="timed calls a round")
    words = parser.parse_args(arguments)
    timed = compare(read_manifest(words.manifest), words.network, words.runs)
    for each in timed:
        print(
            f"{words.network} {each.order:13} {each.best_ms:.4f} ms,"
            f" {each.operations} operations, {each.model_bytes:,} bytes"
        )
    ratio = timed[0].best_ms / timed[1].best_ms
    print(f"the folded block takes {ratio:.3f} times as long; at most {MOST_SLOWER}")
    return 0 if ratio <= MOST_SLOWER else 4


if __name__ == "__main__":
    raise SystemExit(main())
