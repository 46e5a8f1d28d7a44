"""What a card says about where a model comes from, and on what terms it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Data:
    """What the model learnt from, and on what terms it may be used.

    Attributes:
        name: of the data set.
        manifest_sha256: of the table of photos and splits.
        terms: licence and attribution.
        n_train: photos the model learnt from.
        n_val: photos its threshold was chosen on.
        n_test: photos that played no part in making it.
        not_evaluated: what these photos cannot tell, such as ``"skin tone"``.
    """

    name: str
    manifest_sha256: str
    terms: str
    n_train: int
    n_val: int
    n_test: int
    not_evaluated: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """Where the file comes from; enough to make it again.

    Attributes:
        source_sha256: of the Keras file.
        training: settings of the training run, as JSON values.
        conversion: settings of the conversion, as JSON values.
        tools: name and version of each tool that shaped the file.
        parameters: number of weights of the Keras model.
        block_order: of the convolution blocks, where the network has any.
        quantisation: per tensor / per channel, by layer kind.
        kernel_family: of the interpreter that made the golden vectors.
        accepted_gates: quality gates that failed and were overridden by hand.
    """

    source_sha256: str
    training: Mapping[str, Any]
    conversion: Mapping[str, Any]
    tools: Mapping[str, str]
    parameters: int
    block_order: str
    quantisation: Mapping[str, str]
    kernel_family: str
    accepted_gates: tuple[str, ...] = ()
