"""Photos in, a trained Keras 3 model out; never imports TensorFlow itself."""
