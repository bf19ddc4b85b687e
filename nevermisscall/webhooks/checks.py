"""Start-up checks of the journal."""

import os
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from nevermisscall.webhooks.journal import files


@register(Tags.files, deploy=True)
def journal_can_be_written(**_: Any) -> list[CheckMessage]:
    """It is needed when everything else fails. Creates nothing: that is for the user of the web processes to do."""
    nearest = next(path for path in (files.home(), *files.home().parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"JOURNAL_DIR: {nearest} cannot be written.",
            hint="Name a directory on a local disk that belongs to the user of the web processes.",
            id="webhooks.E001",
        )
    ]
