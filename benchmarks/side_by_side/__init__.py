"""Many trained networks in one table: lightweight networks, seeds, ensembles.

Read ``networks`` first.
"""
