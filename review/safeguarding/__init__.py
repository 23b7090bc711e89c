"""The safeguarding page."""
