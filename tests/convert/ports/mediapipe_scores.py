"""Run by test_ports.py in its own environment: MediaPipe's scores of images.

Words: model, images (npz with "pixels"), where to write (npz).
"""

import sys

import numpy as np


def main(model, images, written):
    # Here, as pytest imports every module of the tests, also where this is missing.
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageClassifierOptions(
        base_options=BaseOptions(model_asset_path=model), max_results=2
    )
    labels, scores = [], []
    with vision.ImageClassifier.create_from_options(options) as classifier:
        for pixels in np.load(images)["pixels"]:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels)
            found = classifier.classify(image).classifications[0].categories
            labels.append(found[0].category_name)
            by_name = {each.category_name: each.score for each in found}
            scores.append([by_name["malignant"], by_name["other"]])
    np.savez(written, top=np.array(labels), scores=np.array(scores))


if __name__ == "__main__":
    main(*sys.argv[1:])
