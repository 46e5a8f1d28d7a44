"""How far two sets of photos are apart, by the features that a network has of them.

Features have shape ``(n, k)``, one row a photo.
"""

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from edge_runtime.evaluation.metrics import roc_auc

FOLDS = 5

Features = NDArray[np.float64]


def frechet(first: Features, second: Features) -> float:
    """Squared Frechet distance of two normal distributions fitted to the sets.

    Heusel et al. 2017, arXiv 1706.08500 (FID), with another network's features. Small
    sets look farther apart than they are: compare figures of sets of one size only.

    >>> rng = np.random.default_rng(0)
    >>> one = rng.standard_normal((500, 3))
    >>> round(frechet(one, one + [2, 0, 0]), 6)
    4.0
    """
    means = first.mean(axis=0) - second.mean(axis=0)
    one, other = (np.cov(each, rowvar=False) for each in (first, second))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # The trace of the square root of a product is that of this symmetric matrix.
    shared = np.linalg.eigvalsh(root @ other @ root)
    crossed = float(np.sqrt(np.maximum(shared, 0)).sum())
    return float(means @ means + np.trace(one) + np.trace(other) - 2 * crossed)


def kernel_distance(first: Features, second: Features) -> float:
    """Maximum mean discrepancy, unbiased, with the kernel ``(x y / k + 1)^3``.

    Binkowski et al. 2018, arXiv 1801.01401 (KID). Around 0 for two sets of one
    distribution, whatever their size; it may be negative.
    """
    width = first.shape[1]

    def kernel(rows: Features, columns: Features) -> Features:
        found: Features = (rows @ columns.T / width + 1) ** 3
        return found

    def within(rows: Features) -> float:
        found = kernel(rows, rows)
        n = len(rows)
        return float((found.sum() - np.trace(found)) / (n * (n - 1)))

    return within(first) + within(second) - 2 * float(kernel(first, second).mean())


def told_apart(real: Features, other: Features) -> float:
    """How well a logistic regression tells the sets apart on photos it did not see.

    Returns:
        AUC over ``FOLDS`` parts; 0.5 would be perfect photos, 1 are told apart always.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise BenchmarkError(
            "the probe needs scikit-learn; install it: pip install scikit-learn"
        ) from error
    labels = np.repeat([0, 1], [len(real), len(other)])
    told = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        np.concatenate([real, other]),
        labels,
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=0),
        method="decision_function",
    )
    return roc_auc(labels, np.asarray(told, np.float64))
