"""The report as a page for a browser, and pages of photos beside it.

Read ``page`` first.
"""
