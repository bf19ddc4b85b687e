"""Webhooks that came while the database was away: kept in files, recorded when it is back, once and in order.

`writing` keeps them, `replaying` hands them to the views again, `courier` is the thread that does so.
docs/operations.md says what an operator sees of it; docs/decisions/0007-journal.md why it is so.
"""
