"""Kits that embed a model in an app: android, ios, flutter, web, cpp, pi and more.

Read ``building`` first; the files of each kit are in ``templates``.
"""
