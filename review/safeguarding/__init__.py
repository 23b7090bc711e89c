"""The safeguarding page and its rules."""
