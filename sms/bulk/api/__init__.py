"""Batches in the API."""
