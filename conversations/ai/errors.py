"""What is wrong with how the dispatchers were set up."""


class MisconfiguredDispatcher(Exception):
    """A dispatcher cannot be made from its settings. The message names the setting and what to do."""
