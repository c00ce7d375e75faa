"""Arrays to models, and models to probabilities."""
