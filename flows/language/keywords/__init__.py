"""STOP, HELP and the other keywords, in every language, as people write them."""
