"""What each consumer of a model file demands, in one table.

Read off their sources, or found by running them: MediaPipe and the Task Library refuse
int8 at the edges ("Requested uint8/float32, got INT8"), name the top class and read
labels from the file; rpicam-apps takes uint8 or float32 squares of 224 px, checks the
number of lines in a labels file and lists classes by score
(``tf_stage.cpp``, ``object_classify_tf_stage.cpp``); the Edge TPU computes integers
only; LiteRT.js refuses int8 at the edges and a batch of unknown size. All files have a
batch of one.
"""

from dataclasses import dataclass

_INTEGER = ("ptq_int8", "qat_int8", "aeq_int8")
_EIGHT_BITS_OR_FLOAT = ("float32", "float16", "dynamic_int8", *_INTEGER)


@dataclass(frozen=True)
class Target:
    """One row of the table below.

    Attributes:
        name: also part of the file's name, unless it is ``"python"``.
        meaning: for ``--help``.
        io: types that it accepts at the edges of int8 files, the default first.
        two_classes: whether it names the top class, so that the head has to have two,
            with our threshold moved to 0.5.
        recipes: that it can run; None for all.
        feeds_px: side of the squares that it feeds whatever the model wants; None where
            it asks the model.
        labels_beside: whether it reads labels from a file of its own.
    """

    name: str
    meaning: str
    io: tuple[str, ...] = ("uint8", "float32")
    two_classes: bool = False
    recipes: tuple[str, ...] | None = None
    feeds_px: int | None = None
    labels_beside: bool = False

    def problem(self, recipe: str, io: str) -> str | None:
        """Why a recipe and a type at the edges do not fit; None if they do."""
        if self.recipes is not None and recipe not in self.recipes:
            return (
                f"--target {self.name} runs {', '.join(self.recipes)};"
                f" --recipe {recipe} gives nothing it could run"
            )
        if io not in self.io:
            return f"--target {self.name} takes {' or '.join(self.io)}, not --io {io}"
        return None


TARGETS = {
    target.name: target
    for target in (
        Target(
            "python",
            "edge_runtime; decides by the card's threshold",
            io=("uint8", "int8", "float32"),
        ),
        Target(
            "mediapipe",
            "MediaPipe Tasks, Android and iOS; two classes",
            two_classes=True,
            recipes=_EIGHT_BITS_OR_FLOAT,
        ),
        Target(
            "task-library",
            "TFLite Task Library; two classes",
            two_classes=True,
            recipes=_EIGHT_BITS_OR_FLOAT,
        ),
        Target(
            "rpicam",
            "rpicam-apps' object_classify_tf: two classes, 224 px resized inside",
            io=("uint8",),
            two_classes=True,
            # A float file would depend on the normalisation of a JSON file beside it.
            recipes=_INTEGER,
            feeds_px=224,
            labels_beside=True,
        ),
        Target(
            "coral",
            "Edge TPU by edgetpu_compiler and pycoral; int8 only, two classes",
            io=("uint8",),
            two_classes=True,
            recipes=_INTEGER,
            labels_beside=True,
        ),
        Target("web", "LiteRT.js in a browser; the page reads the card"),
        Target("react-native", "react-native-fast-tflite; the app reads the card"),
        Target("flutter", "tflite_flutter; the app reads the card"),
        Target(
            "microcontroller",
            "TFLite Micro; int8 only",
            io=("int8",),
            recipes=_INTEGER,
        ),
    )
}
