"""What somebody wants who does not answer the question."""
