"""Lesions drawn by a seeded generator, for samples and tests. No real photo.

Read ``lesions`` first; ``dataset`` draws a whole data set with a manifest.
"""
