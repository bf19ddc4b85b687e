"""How grave is what the customer just wrote?"""

from collections.abc import Sequence

from conversations.ai.emergency import EMERGENCY, URGENT, Assessment, assess
from conversations.ai.protocol import Line


def assess_all(said: Sequence[Line], trade: str) -> Assessment:
    """Return what the customer's texts tell: the newest emergency, or what they tell together."""
    bodies = [line.body for line in said]
    found = [assess(text, trade=trade) for text in ("\n".join(bodies), *bodies)]
    emergencies = [one for one in found if one.level == EMERGENCY]
    urgent = [one for one in found if one.level == URGENT]
    return (emergencies or urgent or found)[-1]
