"""What people look at: sentences, tables and pictures."""
