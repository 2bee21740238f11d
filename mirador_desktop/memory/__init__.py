"""What is remembered: the encrypted database of conversations."""
