"""A test server that answers as a real Ollama does, started as a process of its own."""
