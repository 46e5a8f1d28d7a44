"""What protects the service: memory limits, headers, origin checks.

Read ``security_headers`` first.
"""
