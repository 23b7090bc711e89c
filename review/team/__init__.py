"""The team's members."""
