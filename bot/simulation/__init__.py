"""The service for one simulated phone, in memory: for the terminal, for transcripts and for tests."""
