"""Named questions about conversations and the events they are made of."""
