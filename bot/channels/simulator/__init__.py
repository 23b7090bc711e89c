"""The practice phone as a channel of its own."""
