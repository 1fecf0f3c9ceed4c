"""Runs in the task image: paints one picture and tells what the container allowed."""

import json
import os
import resource
import sys
import time
from pathlib import Path

from workflows.engine import Options, stylize
from workflows.engine.images import read_picture, write_picture
from workflows.engine.threads import available_cpus

pictures, size = Path(sys.argv[1]), int(sys.argv[2])
photo, style = ((pictures / name).read_bytes() for name in ("photo", "style"))

begun = time.monotonic()
painted = stylize(
    read_picture(photo, longest_side=size).pixels,
    read_picture(style, longest_side=size).pixels,
    Options(size=size, quality="preview"),
)
encoded = write_picture(painted.pixels, parameters={})
(pictures / "painted.jpg").write_bytes(encoded.data)

import tensorflow as tf  # noqa: E402 - the engine has imported it by now, and set its threads

report = {
    "seconds": time.monotonic() - begun,
    "loss": [painted.loss[0][2], painted.loss[-1][2]],
    "cpus": available_cpus(),
    "threads": tf.config.threading.get_intra_op_parallelism_threads(),
    "machine_cpus": os.cpu_count(),
    "peak_mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}
print(json.dumps(report))
