"""What the business's own people text to its number: words for a customer, or a command. On top of `conversations`."""
