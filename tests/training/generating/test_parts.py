"""Conditions, neighbours and layers of the generators, each by itself."""

import keras
import numpy as np
import pytest

from edge_runtime.photos.neighbours import nearest, small
from training.errors import TrainingError
from training.generating.conditions import Asked, Conditions
from training.generating.layers import Augmented, Sampled, from_blocks, to_blocks
from training.synthetic.lesions import draw_lesion

CONDITIONS = Conditions(("barcelona", "vienna"), np.array([[10, 30], [60, 0]]))


class TestConditions:
    def test_vectors_hold_label_and_source(self):
        asked = Asked(np.array([True, False]), np.array([1, 0]))
        assert CONDITIONS.vectors(asked).tolist() == [[1, 0, 1], [0, 1, 0]]

    def test_groups_come_as_often_as_in_training(self):
        asked = CONDITIONS.drawn(20_000, seed=0)
        groups = 2 * asked.source + asked.malignant
        shares = np.bincount(groups, minlength=4) / 20_000
        np.testing.assert_allclose(shares, [0.1, 0.3, 0.6, 0], atol=0.01)

    def test_the_first_ones_do_not_depend_on_the_count(self):
        few, many = (CONDITIONS.drawn(count, seed=3) for count in (5, 50))
        np.testing.assert_array_equal(few.source, many.source[:5])
        np.testing.assert_array_equal(few.malignant, many.malignant[:5])

    def test_like_a_source_takes_its_look_and_the_labels_of_all(self):
        asked = CONDITIONS.drawn(20_000, seed=0, like_source="vienna")
        assert set(asked.source) == {1}
        assert asked.malignant.mean() == pytest.approx(0.3, abs=0.01)

    def test_an_unknown_source_is_refused(self):
        with pytest.raises(TrainingError, match="expected one of barcelona, vienna"):
            CONDITIONS.drawn(1, seed=0, like_source="graz")


class TestNeighbours:
    LESIONS = np.stack([draw_lesion(seed, size_px=64) for seed in range(6)])

    def test_a_turned_copy_is_at_distance_0(self):
        turned = np.stack(
            [self.LESIONS[2], np.rot90(self.LESIONS[3]), self.LESIONS[4][:, ::-1]]
        )
        found = nearest(small(turned), small(self.LESIONS))
        np.testing.assert_array_equal(found.index, [2, 3, 4])
        np.testing.assert_allclose(found.distance, 0, atol=0.6)

    def test_distances_are_root_mean_squares_in_levels(self):
        brighter = np.clip(self.LESIONS[:1].astype(int) + 10, 0, 255).astype(np.uint8)
        found = nearest(small(brighter), small(self.LESIONS[:1]))
        assert found.distance[0] == pytest.approx(10, abs=1)


class TestLayers:
    def test_blocks_and_back_is_nothing(self):
        inputs = keras.Input((8, 12, 3))
        both = keras.Model(inputs, from_blocks(to_blocks(inputs)))
        given = np.random.default_rng(0).random((2, 8, 12, 3), np.float32)
        np.testing.assert_array_equal(both.predict_on_batch(given), given)

    def test_a_block_holds_neighbours(self):
        inputs = keras.Input((4, 4, 1))
        given = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
        found = keras.Model(inputs, to_blocks(inputs)).predict_on_batch(given)
        assert found[0, 0, 1].tolist() == [2, 3, 6, 7]

    def test_the_divergence_is_that_of_two_normal_distributions(self):
        layer = Sampled(1.0)
        layer(np.full((3, 2), 2, np.float32), np.full((3, 2), np.log(4), np.float32))
        # Per dimension 0.5 (mean^2 + variance - 1 - log variance).
        expected = 2 * 0.5 * (4 + 4 - 1 - np.log(4))
        assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)

    def test_changes_are_shifts_and_cuts_of_each_photo(self):
        layer = Augmented(seed=1)
        shown = np.zeros((64, 16, 16, 3), np.float32)
        shown[:, 8, 8] = 1
        moved = np.asarray(layer._moved(keras.ops.convert_to_tensor(shown)))
        rows = moved[..., 0].sum(axis=2).argmax(axis=1)
        columns = moved[..., 0].sum(axis=1).argmax(axis=1)
        np.testing.assert_allclose(moved.sum(axis=(1, 2, 3)), 3)
        assert {*rows.tolist()} == {*columns.tolist()} == {6, 7, 8, 9, 10}
        kept = np.asarray(layer._cut(keras.ops.ones((64, 16, 16, 3))))
        lost = 1 - kept[..., 0].mean(axis=(1, 2))
        assert lost.max() == pytest.approx(0.25)
        assert lost.min() > 0.05

    def test_photos_change_in_colour(self):
        photos = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3))
        layer = Augmented(seed=1)
        changed = layer._coloured(keras.ops.convert_to_tensor(photos, "float32"))
        assert (np.abs(np.asarray(changed) - photos).max(axis=(1, 2, 3)) > 0.05).all()
