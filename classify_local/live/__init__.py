"""A map that is looked at while it is being made: features, models and points of one recipe, kept in step.

The recipe and its files are the truth. What is here is caches of them, and can be thrown away at any time.
"""
