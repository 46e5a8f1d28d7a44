"""From a trained Keras model to a .tflite file, with proof of what that changed."""
