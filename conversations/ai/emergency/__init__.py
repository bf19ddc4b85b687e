"""Is this text an emergency, and what does the customer get told at once? `docs/emergencies.md` is about it."""

from conversations.ai.emergency.assessing import EMERGENCY, NONE, URGENT, Assessment, assess
from conversations.ai.emergency.safety import safety_words

__all__ = ["EMERGENCY", "NONE", "URGENT", "Assessment", "assess", "safety_words"]
