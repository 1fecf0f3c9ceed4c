"""A start without garbage collection: imported first, and told when the start is over.

What a start makes is there to stay. Python looks through it again and again for garbage all the
same, which takes a fifth of the start; so it looks when all is made, and then not at this part.
"""

from __future__ import annotations

import gc

gc.disable()


def over() -> None:
    """Let Python look for garbage from now on, among what is made from now on."""
    gc.freeze()
    gc.enable()
