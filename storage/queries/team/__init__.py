"""Named questions about the team and its work."""
