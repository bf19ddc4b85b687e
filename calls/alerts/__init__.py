"""Calls that we place: telling one of the business's own people something, and connecting them with the customer."""
