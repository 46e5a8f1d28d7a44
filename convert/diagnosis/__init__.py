"""Why a conversion lost accuracy: which layer, which value.

Read ``layer_errors`` first.
"""
