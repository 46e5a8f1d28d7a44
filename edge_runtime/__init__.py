"""Judge photos of skin lesions with a .tflite model: numpy, Pillow and LiteRT only."""
