"""Run by test_ports.py in its own environment: the Task Library's scores of images.

Words: model, images (npz with "pixels"), where to write (npz).
"""

import sys

import numpy as np


def main(model, images, written):
    # Here, as pytest imports every module of the tests, also where this is missing.
    from tflite_support.task import core, processor, vision

    options = vision.ImageClassifierOptions(
        base_options=core.BaseOptions(file_name=model),
        classification_options=processor.ClassificationOptions(max_results=2),
    )
    classifier = vision.ImageClassifier.create_from_options(options)
    labels, scores = [], []
    for pixels in np.load(images)["pixels"]:
        image = vision.TensorImage.create_from_array(pixels)
        found = classifier.classify(image).classifications[0].categories
        labels.append(found[0].category_name)
        by_name = {each.category_name: each.score for each in found}
        scores.append([by_name["malignant"], by_name["other"]])
    np.savez(written, top=np.array(labels), scores=np.array(scores))


if __name__ == "__main__":
    main(*sys.argv[1:])
