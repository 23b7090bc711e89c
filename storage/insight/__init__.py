"""Counts, and what may be shown of them."""
