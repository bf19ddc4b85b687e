"""What every endpoint of the API shares: who asks, what they may, how often, and how answers and errors look."""
