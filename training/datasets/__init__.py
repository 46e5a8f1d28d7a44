"""From folders and published tables to one manifest with splits.

Read ``layouts`` first, then ``splits``. ``near_duplicates`` finds copies.
"""
