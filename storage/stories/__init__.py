"""The ways in which a story or a decision about it changes."""
