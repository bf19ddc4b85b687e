"""Backups."""

from django.apps import AppConfig


class BackupConfig(AppConfig):
    name = "nevermisscall.backup"
    label = "backup"
