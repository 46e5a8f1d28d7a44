"""Reports from results: Markdown, an HTML page, a spreadsheet, charts.

Read ``summary`` first, then ``tables`` and ``page``.
"""
