"""Keys: authors, logs, anchor accounts and the demo; the only room that reads and writes key files."""
