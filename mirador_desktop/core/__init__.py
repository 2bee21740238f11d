"""The pipeline: stages, orchestration, prompts, confidence. Pure Python: no Qt, no network, no files."""
