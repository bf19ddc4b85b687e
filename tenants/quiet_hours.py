"""When a person may be texted without having just asked for it: by their own clock, not by ours.

The law sets 8 to 21 for the United States and some states less, so SMS_DAYTIME_HOURS is 9 to 20 unless narrowed.
A number tells where its area code is, which is as much as anybody knows (https://github.com/google/libphonenumber).
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from django.conf import settings
from phonenumbers import timezone as phone_zones

# For a number that could be anywhere: it must be daytime from the Atlantic to Hawaii, which leaves 3½ hours.
ANYWHERE = ("America/St_Johns", "America/Los_Angeles", "Pacific/Honolulu")
# Toll-free and personal numbers of North America "are" in its 42 zones; Russia, the widest country, has 16.
TOO_MANY = 20
DAYS_AHEAD = 3


@lru_cache(maxsize=4096)
def zones_of(number: str) -> tuple[str, ...]:
    """Return the time zones a number may be in; `ANYWHERE` if that is unknown or as good as unknown."""
    try:
        found = tuple(phone_zones.time_zones_for_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return ANYWHERE
    if not 0 < len(found) <= TOO_MANY or phone_zones.UNKNOWN_TIMEZONE in found:
        return ANYWHERE
    return found


def next_opening(zones: Iterable[str], at: datetime) -> datetime:
    """Return the first moment from `at` (aware) on at which it is daytime in every zone; `at` itself if it is now.

    Zones too far apart to have a common hour count as `ANYWHERE`.
    """
    clocks = [ZoneInfo(zone) for zone in zones]
    if _is_day(clocks, at):
        return at
    openings = sorted(_openings(clocks, at))
    # The common window, if there is one, opens when the last of the zones does.
    return next((moment for moment in openings if _is_day(clocks, moment)), None) or next_opening(ANYWHERE, at)


def _is_day(clocks: list[ZoneInfo], at: datetime) -> bool:
    opens, closes = settings.SMS_DAYTIME_HOURS
    return all(opens <= at.astimezone(clock).hour < closes for clock in clocks)


def _openings(clocks: list[ZoneInfo], after: datetime) -> Iterable[datetime]:
    opens = time(settings.SMS_DAYTIME_HOURS[0])
    for clock in clocks:
        today = after.astimezone(clock).date()
        for days in range(DAYS_AHEAD):
            moment = datetime.combine(today + timedelta(days=days), opens, clock).astimezone(after.tzinfo)
            if moment > after:
                yield moment
