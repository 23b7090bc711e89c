"""What is said to us where no phrase fits: a small model of our own beside the tables of keywords and intents.

- `words`: a message as the model reads it
- `model`: the weights, and how a message is weighed
- `sensed`: what the tables ask; how sure the model must be, and where
- `labels`, `train`: labelled messages and how the weights are made from them; never imported while Earshot runs

The tables come first. What leaves this folder is a label and whether it is sure; nobody gets a score.
"""
