"""What the engine may not load, print or know."""

from __future__ import annotations

import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_importing_the_engine_and_reading_pictures_costs_no_tensorflow() -> None:
    loaded = loaded_by("import workflows.engine, workflows.engine.images")
    assert not loaded & {"tensorflow", "keras", "scipy", "h5py"}


def test_the_engine_knows_neither_flyte_nor_aws() -> None:
    loaded = loaded_by(
        "import workflows.engine, workflows.engine.images, workflows.engine.optimizer"
    )
    assert not loaded & {"flytekit", "boto3", "botocore", "services"}
