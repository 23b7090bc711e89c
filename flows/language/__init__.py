"""What people write, made readable: forms to compare by, phrases, danger, intents, languages.

One file for each thing that is read out of a message; its words stand beside it as data, one file for each language.
"""
