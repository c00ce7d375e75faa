"""Colours for classes: named palettes, default colours, and whether readers can tell colours apart."""
