"""``python -m notebooks``: build the notebooks from ``src/``; ``python -m notebooks 01 14`` those; ``--check`` builds and compares."""
from __future__ import annotations

import argparse
import sys
import time

from notebooks.build import SOURCES, build, path_of


def main() -> int:
    """Build or compare; the exit code is 1 where a built notebook differs from its file."""
    parser = argparse.ArgumentParser(prog="python -m notebooks", description="Run the sources in notebooks/src and keep them as notebooks.")
    parser.add_argument("names", nargs="*", help="how the names of the wanted ones begin: 01, 14_transformer; all if none is given")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is not what its source gives")
    options = parser.parse_args()
    wanted = [source for source in SOURCES if source.stem.startswith(tuple(options.names) or "")]
    if not wanted:
        parser.error(f"no source is named so; there are {', '.join(source.stem for source in SOURCES)}")
    stale = 0
    for source in wanted:
        start, path = time.perf_counter(), path_of(source)
        made = build(source)
        same = path.exists() and path.read_text(encoding="utf-8") == made
        if not same and not options.check:
            path.write_text(made, encoding="utf-8")
        stale += not same
        said = "as it was" if same else "differs" if options.check else "written"
        print(f"{path.name}: {said}, {len(made) / 1e3:.0f} kB, {time.perf_counter() - start:.1f} s", flush=True)
    return int(options.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
