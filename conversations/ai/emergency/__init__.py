"""Is this text an emergency, and what does the customer get told at once? `docs/emergencies.md` is about it."""

from conversations.ai.emergency.assessing import NONE, Assessment, assess
from conversations.ai.emergency.safety import safety_words
from conversations.ai.emergency.terms import EMERGENCY, URGENT

__all__ = ["EMERGENCY", "NONE", "URGENT", "Assessment", "assess", "safety_words"]
