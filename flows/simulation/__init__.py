"""Conversations walked in memory: for transcripts, for the terminal, and for what a flow costs."""
