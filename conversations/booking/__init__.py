"""Visits: which times are free, which are asked for, which are agreed. An extension of `conversations`."""
