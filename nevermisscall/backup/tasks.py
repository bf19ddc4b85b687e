"""The daily backup, where BACKUP_DIR is set."""

import logging

from celery import shared_task

from nevermisscall.backup import standing, taking
from nevermisscall.backup.errors import BackupError, Busy

logger = logging.getLogger(__name__)


@shared_task(name="backup.daily")
def daily() -> str:
    """Take it if it is due. Beat asks every quarter of an hour. Returns its name; blank if there is none."""
    if not standing.is_due():
        return ""
    try:
        path, manifest = taking.take()
    except Busy:  # Celery delivers a task of more than two minutes again
        return ""
    except BackupError as error:
        logger.error("no backup could be taken", extra={"reason": str(error)})
        return ""
    logger.info("backup taken", extra={"backup": path.name, "bytes": manifest.sealed_size, "s": manifest.seconds})
    return path.name
