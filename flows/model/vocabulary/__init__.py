"""Closed lists of words that are stored and compared: one enum each, with what follows from a word."""
