"""What each target needs: input and output types, a resize in the graph, C source.

Read ``table`` first.
"""
