"""Reference data to a table sampled from the stack."""
