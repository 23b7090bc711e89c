"""The inbox: the open items of the team."""
