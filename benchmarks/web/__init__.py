"""The web demo under load, and the page in a browser.

Read ``load`` first.
"""
