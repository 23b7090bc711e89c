"""Taking to a committed turn: taking messages in, and fetching those that did not come by themselves."""
