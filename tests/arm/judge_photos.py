"""Judge photos with every model and print, as JSON, all that two machines can compare.

Run by the tests on this machine and, emulated, on an Arm: python judge_photos.py
MODELS PHOTOS. Needs the runtime alone.
"""

import json
import platform
import sys
from pathlib import Path

from edge_runtime import LesionClassifier
from edge_runtime.preprocessing import load_pixels


def judged(models, photos):
    found = {"machine": platform.machine(), "models": {}}
    for path in sorted(models.glob("*.tflite")):
        classifier = LesionClassifier.load(path, threads=1)
        given, size_px = classifier.model.input, classifier.card.input.size_px
        spec = classifier.card.input
        table = given.store_pixels(spec.mean, spec.std)
        rows = {}
        for photo in sorted(photos.iterdir()):
            verdict = classifier.classify(photo)
            pixels = load_pixels(photo, size_px)
            stored = classifier.model.infer(table[pixels][None])
            rows[photo.name] = {
                "stored": stored.tobytes().hex(),
                "probability": verdict.probability,
                "decision": verdict.decision,
                "label": verdict.label,
                "findings": [finding.name for finding in verdict.findings],
            }
        found["models"][path.stem] = {
            "kernel_family": classifier.model.kernel_family,
            "interpreter": f"{classifier.model.name} {classifier.model.version}",
            "photos": rows,
        }
    return found


if __name__ == "__main__":
    print(json.dumps(judged(*map(Path, sys.argv[1:]))))
