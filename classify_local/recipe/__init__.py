"""What the user asked for: validated values, no input or output beyond its own text."""
