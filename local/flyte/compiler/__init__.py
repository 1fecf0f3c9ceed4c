"""Registered entities: whether they make sense, and what they mean together."""
