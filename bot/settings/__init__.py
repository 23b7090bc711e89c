"""The settings of an installation: the only reader of the environment."""
