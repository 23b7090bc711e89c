"""What our small linear models share: what they see of words, and how weights are made from labelled messages.

- `hashed_features`: words, parts of words, neighbours, and groups of words that mean alike
- `weights_file`: the weights as they are written, found by name
- `training`: numbering of features and the solver; never imported while Earshot runs

The models themselves are in `flows.language.distress` and `flows.language.intents`.
"""
