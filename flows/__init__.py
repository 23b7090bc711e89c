"""What a conversation is and how it runs; imports the standard library, pydantic and babel only, and reads no clock."""
