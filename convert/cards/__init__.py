"""The model card and its golden vectors: building, showing, comparing them.

Read ``building`` first.
"""
