import numpy as np
import pytest
from scipy.linalg import sqrtm

from benchmarks.generated.distances import frechet, kernel_distance, told_apart


@pytest.fixture
def sets():
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((6, 6))
    return rng.standard_normal((400, 6)) @ mixing, 1.5 * rng.standard_normal((300, 6))


def test_frechet_is_that_of_the_published_formula(sets):
    one, other = sets
    means = one.mean(axis=0) - other.mean(axis=0)
    covariances = [np.cov(each, rowvar=False) for each in sets]
    crossed = sqrtm(covariances[0] @ covariances[1]).real
    expected = means @ means + np.trace(sum(covariances) - 2 * crossed)
    assert frechet(one, other) == pytest.approx(expected, rel=1e-6)


def test_a_set_is_at_distance_0_from_itself(sets):
    assert frechet(sets[0], sets[0]) == pytest.approx(0, abs=1e-6)


def test_the_kernel_distance_is_around_0_for_one_distribution():
    rng = np.random.default_rng(1)
    found = [
        kernel_distance(*rng.standard_normal((2, 100, 8)).astype(float))
        for _ in range(60)
    ]
    spread = np.std(found)
    assert abs(np.mean(found)) < 3 * spread / np.sqrt(60)
    apart = kernel_distance(
        rng.standard_normal((100, 8)), rng.standard_normal((100, 8)) + 1
    )
    assert apart > 10 * spread


def test_the_kernel_distance_is_the_sum_over_pairs():
    one, other = np.random.default_rng(2).standard_normal((2, 5, 3))

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    pairs = [
        np.mean(
            [kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]
        )
        for s in (one, other)
    ]
    crossed = np.mean([kernel(x, y) for x in one for y in other])
    assert kernel_distance(one, other) == pytest.approx(sum(pairs) - 2 * crossed)


def test_photos_of_one_distribution_are_not_told_apart(sets):
    rng = np.random.default_rng(3)
    same = told_apart(rng.standard_normal((300, 4)), rng.standard_normal((300, 4)))
    assert same == pytest.approx(0.5, abs=0.08)
    far = told_apart(rng.standard_normal((300, 4)), 5 + rng.standard_normal((300, 4)))
    assert far > 0.99
