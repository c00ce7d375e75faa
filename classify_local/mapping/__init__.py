"""Windows of the stack through the model into tiles."""
