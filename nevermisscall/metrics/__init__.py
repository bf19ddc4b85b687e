"""Figures for whoever watches from outside: `/metrics`, as JSON or for Prometheus.

They are counted from rows, so they are right however many processes there are, and whichever of them is asked.
"""
