"""Backups of the database and of the files that customers texted, and the way back.

`taking` makes one, `restoring` puts one into an empty database, `checking` proves that this works. `archive` knows the
files, `programs` the programs of PostgreSQL. docs/operations.md says what an operator does with it.
"""
