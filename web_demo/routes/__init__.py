"""What answers each address: pages, API, offline files, metrics.

Read ``pages`` first, then ``api``.
"""
