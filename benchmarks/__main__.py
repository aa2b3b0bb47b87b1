"""`python -m benchmarks NAME …` runs the benchmark of that name."""

import importlib
import sys
from pathlib import Path

NAMES = sorted(
    path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
)

if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
    sys.exit(f"usage: python -m benchmarks {{{','.join(NAMES)}}} …")
name = sys.argv.pop(1)
importlib.import_module(f"benchmarks.{name}").main()
