"""Entry point of the dispatcher: made once per container, called for each batch of messages."""

from __future__ import annotations

from typing import Any

from services.core import coldstart
from services.core.observability import observed
from services.core.settings import DispatcherSettings, load
from services.dispatcher.composition import compose
from services.dispatcher.processor import answer

processor = compose(load(DispatcherSettings))
coldstart.over()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Launch the uploads that a batch of SQS messages announces."""
    return answer(event, context, processor)
