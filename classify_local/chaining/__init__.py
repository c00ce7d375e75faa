"""Another recipe as an image: read from its finished map, or computed block by block."""
