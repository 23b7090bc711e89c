"""Starts the Earshot of this bench by its path alone, for other load generators: `python tests/bench/by_path.py serve`.

Takes the same words and variables as `tests.bench.earshot_bot`.
"""

import os
import runpy
import sys
from pathlib import Path

root = str(Path(__file__).parents[2])
sys.path[0] = root
os.environ["PYTHONPATH"] = root
runpy.run_module("tests.bench.earshot_bot", run_name="__main__", alter_sys=True)
