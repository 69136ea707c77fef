"""Measures pgflow side by side with what the machine itself can do: ``python -m bench``."""
