"""The map page: a server on this machine alone, which only calls the API."""
