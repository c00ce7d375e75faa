"""Every byte that enters or leaves."""
