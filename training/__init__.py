"""Photos in, a trained Keras 3 model out; never imports TensorFlow itself."""

import os

# Keras and TensorFlow read both once, when they are imported.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
