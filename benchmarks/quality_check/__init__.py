"""What the quality check says of photos of lesions, and of pictures of other things.

Read ``findings_by_source`` first: the limits of ``edge_runtime/photos/quality.py`` come
from its table.
"""
