"""A dispatcher of rules: works with every other one down, and on a plane. Start reading at `deciding`."""

from conversations.ai.rules.dispatcher import RulesDispatcher

__all__ = ["RulesDispatcher"]
