"""The API's view of texts."""
