"""The state machine: one signal in, the next state and its effects out."""
