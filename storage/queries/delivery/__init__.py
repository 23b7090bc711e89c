"""Named questions about messages on their way out."""
