import pytest

from benchmarks.reporting.published import read_published

NETWORKS = {network.name: network for network in read_published().networks}


@pytest.mark.parametrize("name", [name for name in NETWORKS if "resnet" not in name])
def test_the_quoted_counts_give_the_quoted_recall_and_precision(name):
    published, network = read_published(), NETWORKS[name]
    found = published.malignant - network.false_negatives
    # The document prints single precision.
    assert found / published.malignant == pytest.approx(network.recall, abs=1e-7)
    called = found + network.false_positives
    assert found / called == pytest.approx(network.precision, abs=1e-7)


def test_specificity_follows_from_the_quoted_false_positives():
    published = read_published()
    # 20 of 360 other photos were called malignant.
    assert published.specificity(NETWORKS["published cnn32"]) == pytest.approx(
        340 / 360
    )


def test_counts_over_two_outputs_give_no_specificity():
    network = NETWORKS["published resnet101v2 augmented"]
    assert network.false_negatives == network.false_positives
    assert read_published().specificity(network) is None


def test_every_quote_names_its_lines():
    assert all(network.lines and network.section for network in NETWORKS.values())
