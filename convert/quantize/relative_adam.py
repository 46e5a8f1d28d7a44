"""Adam whose steps are shares of what each variable holds.

Folding batch norms leaves kernels and biases whose sizes differ by orders of magnitude.
One step for all, as Adam takes it, is lost on the large ones and noise to the small.
tf_keras' Adafactor has such steps, but gives NaN where a channel is dead.
"""

from collections.abc import Sequence

import tensorflow as tf

# Adam's own (arXiv 1412.6980).
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8
# A bias that is still zero has to start somewhere.
_SMALLEST = 1e-3


class RelativeAdam:
    """Moments of the gradients of some variables."""

    def __init__(self, variables: Sequence[tf.Variable]) -> None:
        """Measure each variable's size: the root of its mean square."""
        self._variables = list(variables)
        self._sizes = [
            max(float(tf.sqrt(tf.reduce_mean(tf.square(each)))), _SMALLEST)
            for each in variables
        ]
        self._means, self._squares = (
            [tf.Variable(tf.zeros_like(each), trainable=False) for each in variables]
            for _ in range(2)
        )
        self._steps = tf.Variable(0.0, trainable=False)

    def apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor) -> None:
        """Take one step.

        Args:
            gradients: of the variables, in their order.
            rate: the step, as a share of each variable's size.
        """
        self._steps.assign_add(1.0)
        # Both moments start at zero; this takes that out.
        start_1 = 1 - _BETA_1**self._steps
        start_2 = 1 - _BETA_2**self._steps
        for variable, gradient, size, mean, square in zip(
            self._variables,
            gradients,
            self._sizes,
            self._means,
            self._squares,
            strict=True,
        ):
            mean.assign(_BETA_1 * mean + (1 - _BETA_1) * gradient)
            square.assign(_BETA_2 * square + (1 - _BETA_2) * tf.square(gradient))
            direction = (mean / start_1) / (tf.sqrt(square / start_2) + _EPSILON)
            variable.assign_sub(rate * size * direction)
