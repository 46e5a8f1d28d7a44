"""Run a .tflite file a few times with a mark before and after each inference.

For count_instructions.c: python mark_inferences.py MODEL. Needs LiteRT and numpy alone.
"""

import ctypes
import sys

import numpy as np

MARK, RUNS = 0x1E510, 3


def run_marked(path):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    stored = np.full(given["shape"], 100, given["dtype"])
    interpreter.set_tensor(given["index"], stored)
    interpreter.invoke()
    mark = ctypes.CDLL(None).prctl
    for run in range(RUNS):
        mark(MARK, ctypes.c_ulong(3 * run), 0, 0, 0)
        # Nothing lies between the first two marks: that is what marking costs.
        mark(MARK, ctypes.c_ulong(3 * run + 1), 0, 0, 0)
        interpreter.invoke()
        mark(MARK, ctypes.c_ulong(3 * run + 2), 0, 0, 0)


if __name__ == "__main__":
    run_marked(sys.argv[1])
