"""What every command shares: exit status, argument types, logs, progress.

Read ``exit_status`` first.
"""
