"""NeverMissCall: a missed call becomes a text, a conversation and a booked visit."""
