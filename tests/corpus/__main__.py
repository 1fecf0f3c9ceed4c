"""Write the corpus into a folder, for other programs to try: `python -m tests.corpus FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpus.bad import bad, large
from tests.corpus.good import good

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for case in (*good(), *bad(), *large()):
        (folder / case.name).write_bytes(case.data)
