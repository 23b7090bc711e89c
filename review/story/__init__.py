"""The pages of one story, and the rules for deciding about it."""
