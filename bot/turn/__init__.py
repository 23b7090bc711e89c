"""One turn: what the engine decided, carried out in one transaction."""
