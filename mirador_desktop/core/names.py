"""Names of models: one without a tag means `latest`."""


def same_model(one: str, other: str) -> bool:
    """Whether two names mean the same model."""
    return full_name(one) == full_name(other)


def full_name(model: str) -> str:
    """A model's name with its tag."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"
