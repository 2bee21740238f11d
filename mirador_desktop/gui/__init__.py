"""Qt widgets, thin: they show events and pass on what the person does."""
