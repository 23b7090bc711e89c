"""The inbox: everything the team was told."""
