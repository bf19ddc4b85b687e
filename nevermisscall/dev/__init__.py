"""Development only: real PostgreSQL and Redis without installing them, `make run` and `make demo`.

Nothing else of the product imports this package, and it refuses to work with `DJANGO_ENV=production`.
"""
