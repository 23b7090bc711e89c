"""Named questions to the database; each takes a connection first and never commits."""
