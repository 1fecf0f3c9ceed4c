"""What must survive a restart: rows in SQLite, messages in files."""
