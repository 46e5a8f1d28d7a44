"""One peer in a process of its own, which waits to be told to run.

``benchmarks/peers/peer_bench.py`` starts it as ``python -m benchmarks.peers.worker``.
The first line on standard input is the case; each further line is a command. Every
answer is one line of JSON.
"""

import importlib.metadata
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.measure.case_input import read_case
from benchmarks.peers.runtimes import NOT_LOOKED_AT, OURS, PEERS, Files, Infer, Peer
from edge_runtime.classifier import LesionClassifier
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.exit_status import exit_status


def batches(path: str, card: ModelCard, *, int8: bool) -> list[NDArray[Any]]:
    """The photos' pixels as the model stores them, or what these stand for."""
    stored = np.load(path)[:, np.newaxis]
    if int8:
        return [np.ascontiguousarray(batch) for batch in stored]
    quantization = card.input.quantization
    scale, zero_point = np.float32(quantization.scale), quantization.zero_point
    return [(batch.astype(np.float32) - zero_point) * scale for batch in stored]


def real_score(output: NDArray[Any], card: ModelCard) -> float:
    """An output as a score in [0, 1], whatever it is stored as."""
    if output.dtype.kind == "f":
        return float(output[0])
    return float(card.output.quantization.restore(output)[0])


def timed_ms(
    action: Callable[[Any], object], arguments: Iterator[Any], runs: int
) -> list[float]:
    """Durations of so many calls."""
    samples = []
    for _ in range(runs):
        start_ns = time.perf_counter_ns()
        action(next(arguments))
        samples.append((time.perf_counter_ns() - start_ns) / 1e6)
    return samples


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Open the peer, then do what the lines ask for; returns the exit status."""
    case = read_case(
        arguments, "python -m benchmarks.peers.peer_bench", sys.stdin.readline
    )
    peer = PEERS[case["peer"]]
    files = Files(**{name: Path(path) for name, path in case["files"].items()})
    card = read_model_file(files.tflite).card
    inputs = batches(case["pixels"], card, int8=peer.int8)
    start = time.perf_counter()
    infer = peer.opened(files)
    scores = [real_score(infer(batch), card) for batch in inputs]
    turn, photos = itertools.cycle(inputs), itertools.cycle(case["photos"])
    if case["peer"] in (OURS, NOT_LOOKED_AT):
        judge = _our_way(files, look=case["peer"] == OURS)
    else:
        judge = _usual_way(card, peer, infer)
    say(
        {
            "version": importlib.metadata.version(peer.package),
            "open_ms": 1000 * (time.perf_counter() - start),
            "scores": scores,
        }
    )
    for line in sys.stdin:
        command = json.loads(line)
        if "infer" in command:
            say(timed_ms(infer, turn, command["infer"]))
        else:
            say(timed_ms(judge, photos, command["judge"]))
    return 0


def _our_way(files: Files, *, look: bool) -> Callable[[str], object]:
    """From a photo's path to a verdict; without the quality check, to a score."""
    classifier = LesionClassifier.load(files.tflite, threads=1, site=False)
    if look:
        return classifier.classify
    size_px = classifier.card.input.size_px
    return lambda path: classifier.score(load_pixels(path, size_px))


def _usual_way(card: ModelCard, peer: Peer, infer: Infer) -> Callable[[str], object]:
    """As the examples of these runtimes do it: decode, resize, run."""
    side, quantization = card.input.size_px, card.input.quantization

    def judge(path: str) -> float:
        picture = Image.open(path).convert("RGB").resize((side, side))
        pixels = np.asarray(picture)[np.newaxis]
        if not peer.int8:
            real = pixels.astype(np.float32) - quantization.zero_point
            pixels = real * np.float32(quantization.scale)
        return real_score(infer(pixels), card)

    return judge


def say(answer: Any) -> None:
    """One line of JSON, on the output that nothing else writes to."""
    print(json.dumps(answer), file=_ANSWERS, flush=True)


# Libraries print to standard output as they please; that becomes standard error.
_ANSWERS = os.fdopen(os.dup(1), "w")

if __name__ == "__main__":
    os.dup2(2, 1)
    raise SystemExit(main())
