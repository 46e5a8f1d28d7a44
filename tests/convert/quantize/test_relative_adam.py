import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from convert.quantize.relative_adam import RelativeAdam


def test_is_adam_where_variables_have_size_one():
    start = np.array([1.0, -1.0, 1.0], np.float32)
    gradients = np.array([[0.3, -2, 1e-3], [0.1, 1, 0], [-1, 1, 2]], np.float32)
    ours, theirs = tf.Variable(start), tf.Variable(start)
    optimizer, oracle = (
        RelativeAdam([ours]),
        tf_keras.optimizers.Adam(0.01, epsilon=1e-8),
    )
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient)], tf.constant(0.01))
        oracle.apply_gradients([(tf.constant(gradient), theirs)])
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5)


@pytest.mark.parametrize("size", [1e-2, 1.0, 1e3])
def test_moves_by_the_same_share_whatever_the_size(size):
    variable = tf.Variable(np.full(4, size, np.float32))
    RelativeAdam([variable]).apply([tf.ones(4)], tf.constant(0.01))
    np.testing.assert_allclose(variable.numpy(), size * 0.99, rtol=1e-4)


def test_a_zero_bias_moves_and_a_dead_channel_stays():
    variable = tf.Variable(np.zeros(2, np.float32))
    RelativeAdam([variable]).apply([tf.constant([1.0, 0.0])], tf.constant(0.1))
    np.testing.assert_allclose(variable.numpy(), [-1e-4, 0], rtol=1e-4)
