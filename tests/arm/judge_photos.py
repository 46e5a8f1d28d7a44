"""Judge photos with every model and print, as JSON, all that two machines can compare.

Run by the tests on this machine and, emulated, on an Arm: python judge_photos.py
MODELS PHOTOS. Needs the runtime alone.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np

from edge_runtime import LesionClassifier
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.verdict import decision, label


def judged(models, photos):
    found = {"machine": platform.machine(), "models": {}}
    for path in sorted(models.glob("*.tflite")):
        classifier = LesionClassifier.load(path, threads=1)
        card, output = classifier.card, classifier.model.output
        rows = {}
        for photo in sorted(photos.iterdir()):
            # One inference each: an emulated Arm is a hundred times slower.
            score, findings = classifier.look(photo)
            rows[photo.name] = {
                "stored": output.store(np.array([score])).tobytes().hex(),
                "probability": calibrated(score, card.temperature),
                "decision": decision(score, card, findings),
                "label": label(score, card),
                "findings": [finding.name for finding in findings],
            }
        found["models"][path.stem] = {
            "kernel_family": classifier.model.kernel_family,
            "interpreter": f"{classifier.model.name} {classifier.model.version}",
            "photos": rows,
        }
    return found


if __name__ == "__main__":
    print(json.dumps(judged(*map(Path, sys.argv[1:]))))
