"""One story: reading it and deciding about it."""
