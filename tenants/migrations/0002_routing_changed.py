"""Tell every web process which business to reload when a row of its routing changes, whoever changed it."""

from django.db import migrations

# table → column that holds the tenant's id
TABLES = {
    "tenants_tenant": "id",
    "tenants_phonenumber": "tenant_id",
    "tenants_ownernumber": "tenant_id",
    "tenants_businesshours": "tenant_id",
    "tenants_closure": "tenant_id",
    "tenants_twilioaccount": "tenant_id",
}

FUNCTION = """
CREATE FUNCTION routing_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- 0 stands for every business: a platform account may serve any of them. A row that moves tells both.
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('routing_changed', coalesce(to_jsonb(OLD) ->> TG_ARGV[0], '0'));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('routing_changed', coalesce(to_jsonb(NEW) ->> TG_ARGV[0], '0'));
    END IF;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION routing_changed()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER routing_changed AFTER INSERT OR UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION routing_changed('{column}')",
                f"DROP TRIGGER routing_changed ON {table}",
            )
            for table, column in TABLES.items()
        ),
    ]
