"""An emergency reaches a person: texts and calls to the owner, then to the backups, until one of them acknowledges."""
