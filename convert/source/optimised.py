"""Models that TensorFlow's optimisation toolkit wrapped, saved whole.

Pruning and clustering wrap layers while they train; without the wrapper a layer holds
the same weights. Quantisation-aware training wraps them for good: its fake ranges stay
in the model, and the converter takes them over.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_PRUNED, _CLUSTERED, _QUANTISED = (
    "PruneLowMagnitude", "ClusterWeights", "QuantizeWrapperV2",
)  # fmt: skip


def wrappers_in(config: Any) -> tuple[str, ...]:
    """Names of the toolkit's wrappers that a model's config holds."""
    text = json.dumps(config)
    names = (_PRUNED, _CLUSTERED, _QUANTISED)
    return tuple(name for name in names if f'"{name}"' in text)


@contextmanager
def known_wrappers(wrappers: tuple[str, ...]) -> Iterator[None]:
    """While active, Keras 2 can read models with these wrappers."""
    if not wrappers:
        yield
        return
    # It takes seconds to import, which other models need not wait for.
    import tensorflow_model_optimization as tfmot

    scopes = {
        _PRUNED: tfmot.sparsity.keras.prune_scope,
        _CLUSTERED: tfmot.clustering.keras.cluster_scope,
        _QUANTISED: tfmot.quantization.keras.quantize_scope,
    }
    with ExitStack() as stack:
        for name in wrappers:
            stack.enter_context(scopes[name]())
        yield


def unwrapped(model: Any, wrappers: tuple[str, ...]) -> Any:
    """The model without the wrappers of pruning and clustering."""
    if not {_PRUNED, _CLUSTERED} & {*wrappers}:
        return model
    import tensorflow_model_optimization as tfmot

    if _PRUNED in wrappers:
        model = tfmot.sparsity.keras.strip_pruning(model)
    if _CLUSTERED in wrappers:
        model = tfmot.clustering.keras.strip_clustering(model)
    return model
