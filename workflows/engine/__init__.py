"""The style transfer itself: pixels in, pixels out. No S3, no Flyte, no files, no printing.

Importing this package is cheap; TensorFlow is imported when `stylize` is called.
"""

from workflows.engine.checkpoint import Checkpoint, CheckpointMismatch
from workflows.engine.mixture import Styles, WeightedStyle
from workflows.engine.options import OptionError, Options
from workflows.engine.progress import Progress, StylizedImage
from workflows.engine.stylize import stylize
from workflows.engine.weights import WeightsError

__all__ = [
    "Checkpoint",
    "CheckpointMismatch",
    "OptionError",
    "Options",
    "Progress",
    "Styles",
    "StylizedImage",
    "WeightedStyle",
    "WeightsError",
    "stylize",
]
