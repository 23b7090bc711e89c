"""Plain records: a conversation, what comes in, what is to be done, what is said."""
