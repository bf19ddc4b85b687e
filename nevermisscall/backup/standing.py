"""Whether backups are taken as they should be, as far as our own rows tell."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from nevermisscall.backup.models import Backup
from nevermisscall.lib.clock import utcnow

EVERY = timedelta(hours=24)
TOO_OLD = timedelta(hours=26)
TRY_AGAIN_AFTER = timedelta(hours=1)


def newest() -> Backup | None:
    """Return the newest complete backup, wherever it went."""
    return _newest(Backup.objects.all())


def age(good: Backup | None) -> timedelta | None:
    """Return how long ago the backup was taken."""
    return utcnow() - good.taken_at if good and good.taken_at else None


def is_due() -> bool:
    """Tell whether it is time for the daily one. One that failed is tried again an hour later."""
    last = age(_newest(_daily()))
    if last is not None and last < EVERY:
        return False
    return not _daily().exclude(error="").filter(ended_at__gt=utcnow() - TRY_AGAIN_AFTER).exists()


def trouble() -> str:
    """Return what is wrong; blank if nothing is, or if BACKUP_DIR is not set, since then backups are not our affair."""
    if not settings.BACKUP_DIR:
        return ""
    last = age(_newest(_daily()))
    if last is None:
        return "none was taken yet"
    return f"the newest was taken {last.total_seconds() / 3600:.0f} h ago" if last > TOO_OLD else ""


def _daily() -> QuerySet[Backup]:
    return Backup.objects.filter(elsewhere=False)


def _newest(backups: QuerySet[Backup]) -> Backup | None:
    return backups.filter(error="").order_by("-ended_at").first()
