"""Changes of training photos that imitate other cameras, distances and lamps.

Read ``pipelines`` first.
"""
