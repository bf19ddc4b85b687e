"""What an operator is told when a backup or the way back does not work."""


class BackupError(Exception):
    """Fault, object and remedy in a sentence or two."""


class Busy(BackupError):
    """Somebody else is taking a backup right now."""
