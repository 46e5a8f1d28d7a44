"""The model to convert: loading it, its options, its scores on photos.

Read ``model`` first, then ``loading``.
"""
