"""The tests of Mirador Desktop."""
