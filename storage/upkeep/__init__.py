"""Copies, putting them back, the clock and the schema."""
