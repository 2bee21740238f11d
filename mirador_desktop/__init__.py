"""Mirador Desktop: a question answered in stages by models on the person's own machine."""

__version__ = "0.1.0"
