"""The SAM CLI: it builds the functions' images, and invokes a function as Lambda would."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.state import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.aws import Aws
    from local.sam.engine import Engine

SAM = ROOT / ".venv-sam" / "bin" / "sam"
TEMPLATE = "infra/sam-template.yaml"


class SamError(Exception):
    """The SAM CLI failed, or the function did; says which, with the last words."""


@dataclass(frozen=True)
class Answer:
    """What a function returned.

    Attributes
    ----------
    value
        Its answer, from JSON.
    seconds
        What the invocation took, with the start of its container.
    """

    value: Any
    seconds: float


@dataclass(frozen=True)
class SamCli:
    """The SAM CLI, in the project's root, as a person would use it there.

    Attributes
    ----------
    engine
        Where images are built and run.
    folder
        Takes logs, events and variables.
    """

    engine: Engine
    folder: Path

    def build(self, base_image: str) -> None:
        """Build the images of all functions.

        Raises
        ------
        SamError
            If that fails.
        """
        parameters = ["--parameter-overrides", f"BaseImage={base_image}"]
        done = self._run(["build", "--template", TEMPLATE, *parameters], {}, "build")
        if done.returncode:
            raise SamError(f"sam build failed:\n{_last_words(done)}")

    def invoke(
        self, function: str, event: Mapping[str, Any], variables: Mapping[str, str], caller: Aws
    ) -> Answer:
        """Invoke a function in a container of its own.

        Parameters
        ----------
        function
            Its name in the template.
        event
            What it is invoked with.
        variables
            Its environment; the SAM CLI takes no variable that the template does not have.
        caller
            Whose keys it has.

        Raises
        ------
        SamError
            If the function fails. The SAM CLI exits with 0 all the same (local_lambda.py), so
            what counts is the answer.
        """
        event_file, variables_file = self.folder / "event.json", self.folder / "variables.json"
        event_file.write_text(json.dumps(event))
        variables_file.write_text(json.dumps({function: dict(variables)}))
        files = ["--event", str(event_file), "--env-vars", str(variables_file)]
        begun = time.monotonic()
        # The SAM CLI hands the keys on, and asks that API by itself whose account it works for.
        done = self._run(["local", "invoke", function, *files], caller.environment(), "invoke")
        return Answer(read_answer(done), time.monotonic() - begun)

    def _run(
        self, arguments: list[str], caller: Mapping[str, str], log: str
    ) -> subprocess.CompletedProcess[str]:
        own = {
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(self.folder / "sam"),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        # Whatever of AWS is set here is for somebody else's account.
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(
            [str(SAM), *arguments],
            cwd=ROOT,
            env={**clean, **self.engine.environment, **own, **caller},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        with (self.folder / f"sam-{log}.log").open("a") as file:
            file.write(f"$ sam {' '.join(arguments)}\n{done.stdout}{done.stderr}\n")
        return done


def read_answer(done: subprocess.CompletedProcess[str]) -> Any:
    """Read a function's answer from what the SAM CLI printed: the last line.

    Raises
    ------
    SamError
        If there is none, or it tells of an error.
    """
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise SamError(f"the function gave no answer:\n{_last_words(done)}") from None
    if isinstance(answer, dict) and "errorType" in answer:
        raise SamError(f"the function failed: {answer['errorType']}: {answer.get('errorMessage')}")
    return answer


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stdout + done.stderr).splitlines()[-15:])
