"""A Flyte control plane on one machine: FlyteAdmin's API in front, child processes behind.

For trying and testing. Unmodified ``pyflyte register``, ``pyflyte run --remote`` and
``FlyteRemote`` work against it; whatever it does not offer, it refuses by name.
"""

from local.flyte.server import LocalFlyte

__all__ = ["LocalFlyte"]
