"""Bytes ↔ conversations: one module per format."""
