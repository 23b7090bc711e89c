"""What somebody wants who does not answer the question: tables of phrases, and a small model where no phrase fits.

- `intents`: what a message asks for; `intent_tables` reads phrases, `automaton`, `gathered` and `reactions` find them
them
- `detect_sense`: what the tables ask of the model: how sure it must be, and where
- `sense_words`, `sense_model`: a message as the model reads it; the weights, and how a message is weighed
- `labels`, `train_sense`: labelled messages and how the weights are made; never imported while Earshot runs

The tables come first. What leaves this folder is a label and whether it is sure; nobody gets a score.
"""
