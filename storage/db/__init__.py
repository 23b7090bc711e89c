"""The database itself: connections, the one writer that commits, column types."""
