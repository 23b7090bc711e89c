"""Noticing danger: whether a person may not be safe, at two levels, from words and from a small model of our own.

- `detect_distress`: what the engine asks; puts words and model together
- `distress_tables`: the phrases of each language, in `concerns/`
- `pieces`: a long message in parts that are judged each for itself
- `danger_features`, `danger_model`: what the model sees of a part; the weights, and how a part is weighed
- `train_danger`: how the weights are made from labelled messages; never imported while Earshot runs

Nobody gets a score: what leaves this folder is a level, and nothing numeric is kept or shown.
"""
