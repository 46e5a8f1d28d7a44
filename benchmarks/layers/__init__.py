"""Where a network's time goes, layer by layer.

Read ``layer_bench`` first.
"""
