"""Run by test_ports.py in its own environment: TFLite Micro's outputs of stored inputs.

Words: model, inputs (npz with "stored"), where to write (npz). Also finds the smallest
arena in which the model still runs.
"""

import sys
from pathlib import Path

import numpy as np

LARGEST_BYTES = 4 * 2**20
STEP_BYTES = 64


def main(model, inputs, written):
    # Here, as pytest imports every module of the tests, also where this is missing.
    from tflite_micro.python.tflite_micro import runtime

    content = Path(model).read_bytes()

    def opened(arena_bytes):
        return runtime.Interpreter.from_bytes(content, arena_size=arena_bytes)

    def runs(arena_bytes):
        try:
            opened(arena_bytes)
        except RuntimeError:
            return False
        return True

    interpreter = opened(LARGEST_BYTES)
    outputs = []
    for stored in np.load(inputs)["stored"]:
        interpreter.set_input(stored[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).reshape(-1))
    low, high = STEP_BYTES, LARGEST_BYTES
    while high - low > STEP_BYTES:
        middle = (low + high) // 2
        low, high = (low, middle) if runs(middle) else (middle, high)
    np.savez(written, outputs=np.array(outputs), arena_bytes=high)


if __name__ == "__main__":
    main(*sys.argv[1:])
