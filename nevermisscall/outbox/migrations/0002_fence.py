"""The sequence that fences come from: each claim gets a number that no earlier claim had."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE outbox_fence", "DROP SEQUENCE outbox_fence"),
    ]
