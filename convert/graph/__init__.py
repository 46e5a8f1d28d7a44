"""A Keras model as a list of nodes that can be rewritten and rebuilt.

Read ``nodes`` first, then ``keras_to_nodes`` and ``rewriting``.
"""
