"""Damage files of the corpus at random and keep what the reader does not stand.

`nice python -m tests.corpus.fuzz --seconds 300 --seed 1` spends so much processor time. A file is
kept, in `tests/corpus/found/`, if reading it raises anything but a `PictureError`, kills or hangs
the process, takes more memory than a file of that size may, or gives what is no picture; the
corpus test reads it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import random
import resource
import signal
import struct
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

from PIL import Image

from tests.corpus.bad import bad
from tests.corpus.case import Shows
from tests.corpus.good import good

FOUND = Path(__file__).resolve().parent / "found"

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_SEED = 20_000
LONGEST_SIDE = 256
MEMORY = 2 * 2**30
SECONDS = 5
BATCH = 2000  # files that one process reads, unless one of them kills it

#: Numbers at which lengths, offsets and sizes go wrong.
ODD = (
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    15,
    16,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**31 - 1,
    2**32 - 1,
)


def main() -> None:
    """Fuzz for a while and tell what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=300.0)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    seeds = [case.data for case in (*good(), *bad()) if len(case.data) <= LARGEST_SEED]
    whole = [case.data for case in good() if isinstance(case.outcome, Shows)]
    whole = [data for data in whole if len(data) <= LARGEST_SEED]
    import workflows.engine.images  # noqa: F401  # once, not in every process

    Image.init()
    chance = random.Random(given.seed)
    current, counts = mmap.mmap(-1, 2 * LARGEST_SEED + 16), Counter[str]()
    while _spent() < given.seconds:
        _batch(seeds, whole, chance.getrandbits(64), current, counts)
    sys.stdout.write(f"{sum(counts.values())} files in {_spent():.0f} s: {dict(counts)}\n")


def _batch(
    seeds: list[bytes], whole: list[bytes], seed: int, current: mmap.mmap, counts: Counter[str]
) -> None:
    """Read files in a process of their own; if it dies, keep the one that it was reading."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        with os.fdopen(writer, "w") as pipe:
            _read_many(seeds, whole, random.Random(seed), current, pipe.write)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        for line in pipe:
            counts[line.strip()] += 1
    _, status = os.waitpid(child, 0)
    if status:
        (length,) = struct.unpack_from("<I", current)
        _keep(current[4 : 4 + length], f"status-{status}")
        counts[f"status {status}"] += 1


def _read_many(seeds, whole, chance, current, tell) -> None:  # type: ignore[no-untyped-def]
    from workflows.engine.images import PictureError, read_picture

    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)  # it kills: decoders do not come back to us
    for _ in range(BATCH):
        data = damaged(chance.choice(whole if chance.random() < 0.8 else seeds), seeds, chance)
        struct.pack_into("<I", current, 0, len(data))
        current[4 : 4 + len(data)] = data
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            picture = read_picture(data, longest_side=LONGEST_SIDE)
        except PictureError as error:
            tell(type(error).__name__ + "\n")
        except BaseException as error:
            _keep(data, type(error).__name__)
            tell(f"UNTYPED {type(error).__name__}\n")
        else:
            pixels = picture.pixels
            sound = 0 <= pixels.min() <= pixels.max() <= 1 and max(pixels.shape) <= LONGEST_SIDE
            if not sound:
                _keep(data, "unsound")
            tell("picture\n" if sound else "UNSOUND\n")
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def damaged(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Do one to six things to a file that bad disks, bad cameras and bad people do."""
    file = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        if not file:
            break
        # Headers matter most, and stand at the start.
        at = int(len(file) * chance.random() ** chance.choice((1, 1, 4)))
        match chance.randrange(7):
            case 0:
                file[at] ^= 1 << chance.randrange(8)
            case 1:
                file[at] = chance.randrange(256)
            case 2 | 3:
                layout = chance.choice((">H", "<H", ">I", "<I"))
                number = chance.choice(ODD) % 2 ** (8 * struct.calcsize(layout))
                file[at : at + struct.calcsize(layout)] = struct.pack(layout, number)
            case 4:
                del file[at : at + chance.randint(1, 64)]
            case 5:
                file[at:at] = file[at : at + chance.randint(1, 64)]
            case _:
                other = chance.choice(others)
                start = chance.randrange(len(other) + 1)
                file[at : at + 32] = other[start : start + 32]
    if file.startswith(PNG) and chance.random() < 0.7:
        _checked_again(file)
    return bytes(file[: 2 * LARGEST_SEED])


def _checked_again(png: bytearray) -> None:
    """Make the checksums right, or nothing behind them would ever be reached."""
    at = len(PNG)
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        end = at + 8 + length
        if end + 4 > len(png):
            return
        struct.pack_into(">I", png, end, zlib.crc32(png[at + 4 : end]))
        at = end + 4


def _keep(data: bytes, why: str) -> None:
    FOUND.mkdir(exist_ok=True)
    name = hashlib.sha256(data).hexdigest()[:12]
    (FOUND / f"{why}-{name}.bin").write_bytes(data)


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime + time.process_time()


if __name__ == "__main__":
    main()
