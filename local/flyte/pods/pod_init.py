"""First process of a pod: takes its CPUs, ties its life to the server's, becomes the command.

Run as a script with ``python -I -S`` so that it starts in about 20 ms; standard library only.
Usage: ``pod_init.py CORES COMMAND...`` with CORES such as ``0,1``, or ``-`` for any.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_COMMAND_NOT_FOUND = 127


def main() -> None:
    """Prepare this process and replace it by the command."""
    cores, command = sys.argv[1], sys.argv[2:]
    if sys.platform == "linux":
        # A server killed with -9 takes its pods with it, as far as Linux can promise that:
        # the signal reaches this process, not its children (leftovers.py finds those).
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if cores != "-":
            os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    try:
        os.execvp(command[0], command)  # noqa: S606 - the point of this program
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(_COMMAND_NOT_FOUND)


if __name__ == "__main__":
    main()
