"""The database: connections, the only writer that commits, column types."""
