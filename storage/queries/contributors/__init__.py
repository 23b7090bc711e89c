"""Named questions about contributors, their decisions and their chats."""
