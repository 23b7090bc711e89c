"""Keys, look-ups that name nobody, and deletion: what keeps people apart from their words."""
