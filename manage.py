#!/usr/bin/env python
"""Django's command line."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nevermisscall.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    import nevermisscall.celery  # noqa: F401 - as wsgi.py does: the doorbell publishes through this app
    from nevermisscall.lib.database import explanation, is_away

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if "--traceback" in sys.argv or not is_away(error):
            raise
        sys.exit(explanation(error))
