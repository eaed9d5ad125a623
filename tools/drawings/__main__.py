"""`python -m drawings` writes every drawing."""

from pathlib import Path

from drawings import DRAWINGS

IMAGES = Path(__file__).parents[2] / "docs" / "images"

if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")
