"""The API's view of calls."""
