"""Faults on purpose: what is promised, the tools to break things, and the report of what held (`make chaos`)."""
