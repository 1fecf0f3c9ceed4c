"""``sam build`` and ``sam local invoke``, really: in containers, with the fixtures of ``events/``.

The functions run as Lambda runs them, from their image, with the role of the deployed stack; what
they find there is MiniStack and the local Flyte. ``make sam-local`` runs all of it.
"""
