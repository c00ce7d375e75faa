"""The map page: a server on this machine alone. It opens a recipe through the API, and asks what that gives."""
