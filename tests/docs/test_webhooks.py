"""docs/webhooks.md has every URL that Twilio requests, and no other."""

import re

from tests.docs.tables import code, table
from tests.webhooks.routes import CALL_SID, twilio_paths


def test_its_table_is_the_url_map():
    documented = {re.sub(r"\{\w+\}", CALL_SID, code(row[0])[0]) for row in table("webhooks.md", "path")}

    assert documented == set(twilio_paths())
