"""Named questions about stories and what was done with them."""
