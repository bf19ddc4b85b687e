"""Visits in the API."""
