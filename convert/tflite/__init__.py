"""The TFLite file itself: operators, buffers, metadata, and edits of them.

Read ``operators`` first.
"""
