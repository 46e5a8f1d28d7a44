"""A threshold for one site, fitted on the site's own photos.

Read ``file`` first: what a site file holds. ``labelled`` fits it with labels,
``unlabelled`` without.
"""
