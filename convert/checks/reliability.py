"""A reliability diagram: predicted probability against observed share."""

import io

import numpy as np

from edge_runtime.evaluation.metrics import Labels, Scores
from edge_runtime.evaluation.reliability import reliability


def reliability_diagram(labels: Labels, probabilities: Scores, title: str) -> bytes:
    """``reliability`` as a PNG: points with intervals, the diagonal, counts below."""
    # Drawing takes a second to import, which nothing else here waits for.
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    bins = reliability(labels, probabilities)
    promised = [each.promised for each in bins]
    observed = [each.observed for each in bins]
    spread = [
        [each.observed - each.low for each in bins],
        [each.high - each.observed for each in bins],
    ]
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(5, 6), sharex=True, height_ratios=(4, 1), layout="constrained"
    )
    upper.plot((0, 1), (0, 1), color="0.6", linestyle="--", label="calibrated")
    upper.errorbar(
        promised, observed, yerr=np.clip(spread, 0, None), fmt="o", capsize=3,
        label="observed, 95 % interval",
    )  # fmt: skip
    upper.set(ylabel="share of malignant lesions", xlim=(0, 1), ylim=(0, 1))
    upper.set_title(title, fontsize=8)
    upper.legend(loc="upper left")
    lower.bar(promised, [each.n for each in bins], width=0.04, color="0.5")
    lower.set(xlabel="calibrated probability", ylabel="photos")
    file = io.BytesIO()
    # Without the version of the library: the same figures give the same bytes.
    figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    plt.close(figure)
    return file.getvalue()
