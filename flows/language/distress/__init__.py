"""Noticing danger: whether a person may not be safe, at two levels, from words and from a small model of our own.

- `notice`: what the engine asks; puts words and model together
- `pieces`: a long message in parts that are judged each for itself
- `features`: what the model sees of a part
- `model`: the weights, and how a part is weighed
- `train`: how the weights are made from labelled messages; never imported while Earshot runs

Nobody gets a score: what leaves this folder is a level, and nothing numeric is kept or shown.
"""
