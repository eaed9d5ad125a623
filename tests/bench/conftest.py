import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "bench"))  # scripts: they are run by path, and import each other so
