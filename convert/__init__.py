"""From a trained Keras model to a .tflite file, with proof of what that changed."""

import os

# Whatever trained it, TensorFlow converts it.
os.environ["KERAS_BACKEND"] = "tensorflow"
