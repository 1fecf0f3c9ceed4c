"""What the SAM CLI prints is read with suspicion: it exits with 0 when the function fails."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest

from local.sam.functions import SamError, read_answer


def printed(stdout: str, stderr: str = "") -> CompletedProcess[str]:
    return CompletedProcess(["sam"], 0, stdout, stderr)


def test_the_answer_is_the_last_line() -> None:
    said = 'START\n{"a log line": 1}\n{"batchItemFailures": []}\n'

    assert read_answer(printed(said)) == {"batchItemFailures": []}


def test_an_answer_may_be_null() -> None:
    assert read_answer(printed("null\n")) is None


def test_an_error_of_the_function_is_told() -> None:
    said = '{"errorMessage": "FLYTE_ENDPOINT is not set", "errorType": "SettingsError"}'

    with pytest.raises(SamError, match="SettingsError: FLYTE_ENDPOINT is not set"):
        read_answer(printed(said))


@pytest.mark.parametrize("said", ["", "\n", "Timed out after 60 seconds"])
def test_silence_is_an_error_with_the_last_words(said: str) -> None:
    with pytest.raises(SamError, match=r"no answer(.|\n)*connection refused"):
        read_answer(printed(said, "connection refused"))
