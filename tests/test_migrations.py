"""Old code runs on the new schema, as it does during every upgrade: docs/decisions, "Old code on the new schema".

What a release takes away, or stops to accept, is listed in `CONTRACTED` with the release since which no code uses it.
"""

from django.apps import apps
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import CharField, Field, ManyToManyField, TextField

OURS = ("nevermisscall", "tenants", "calls", "sms", "conversations")

# (app, migration, what it does): why no code that still runs minds.
BEFORE_THE_FIRST_RELEASE = "no other code has run yet"
CONTRACTED = {
    ("sms", "0005_inbound", "Create constraint message_has_one_direction on model message"): BEFORE_THE_FIRST_RELEASE,
    (
        "conversations",
        "0003_timers_and_history",
        "Create constraint completed_awaits_no_answer on model conversation",
    ): BEFORE_THE_FIRST_RELEASE,
    (
        "conversations",
        "0003_timers_and_history",
        "Create constraint timer_has_its_start on model conversation",
    ): BEFORE_THE_FIRST_RELEASE,
}


def steps():
    """Yield app, migration, operation and the models before it, in the order in which they are applied."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in OURS}
    state = loader.project_state([])
    for app, name in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        migration = loader.graph.nodes[app, name]
        before = set(state.models)
        for operation in migration.operations:
            if app in ours:
                yield app, name, operation, state, before
            operation.state_forwards(app, state)


def columns_added():
    found = {}
    for app, name, operation, state, before in steps():  # noqa: B007
        model = (app, getattr(operation, "model_name_lower", ""))
        if isinstance(operation, migrations.AddField) and model in before:
            found[(*model, operation.name)] = name
    return found, state


def demands(field: Field) -> bool:
    """Tell whether an INSERT that does not know the column fails."""
    return not (field.null or field.has_db_default() or isinstance(field, ManyToManyField))


def test_old_code_can_insert_into_every_table():
    added, state = columns_added()
    demanding = {
        f"{app}.{model}.{column} ({name})"
        for (app, model, column), name in added.items()
        if column in state.models[app, model].fields and demands(state.models[app, model].fields[column])
    }
    assert demanding == set(), "give them db_default, or null=True"


def narrows(old: Field, new: Field) -> bool:
    """Tell whether a value that the old column held, or that old code writes, may not fit the new one."""
    kinds = (old.get_internal_type(), new.get_internal_type())
    shorter = new.max_length is not None and (old.max_length is None or new.max_length < old.max_length)
    return (
        (kinds[0] != kinds[1] and kinds != (CharField().get_internal_type(), TextField().get_internal_type()))
        or shorter
        or (old.null and not new.null)
        or (new.unique and not old.unique)
        or (not demands(old) and demands(new))
        or old.column != new.column
    )


GONE = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
REFUSES = (migrations.AddConstraint, migrations.AlterUniqueTogether)


def contracting():
    """Yield every step after which old code may fail."""
    for app, name, operation, state, before in steps():
        model = (app, getattr(operation, "model_name_lower", ""))
        if isinstance(operation, GONE) or (isinstance(operation, REFUSES) and model in before):
            yield app, name, operation.describe()
        elif isinstance(operation, migrations.AlterField) and model in before:
            old = state.models[model].fields[operation.name]
            old.set_attributes_from_name(operation.name)
            operation.field.set_attributes_from_name(operation.name)
            if narrows(old, operation.field):
                yield app, name, operation.describe()


def test_nothing_is_taken_from_old_code():
    assert [step for step in contracting() if step not in CONTRACTED] == [], "contract in a later release"
