"""Who runs the models: Ollama hosts and the built-in guide, and the registry that looks after them."""
