"""Pictures of pages: what a browser shows of the report, of a simulation and of the documents."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from screenshots.ground import ROOT

BROWSER = "chromium"
WIDE = 1000
"""How wide a picture is, in pixels."""
WITHIN = 300
LIGHT, DARK = 1, 0
"""What Chromium calls the grounds that a reader may prefer."""
DOCS = ROOT / "docs"
SIMULATED = DOCS / "how-to" / "simulate-a-pool.md"
"""Its pool and its traffic are those of the picture."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to take of a page: so many pixels of it, from its top, on a light or a dark ground."""

    page: str
    high: int
    ground: int = LIGHT


SHOTS = {
    "report-light.webp": Shot("report.html", 1180),
    "report-dark.webp": Shot("report.html", 1180, DARK),
    "simulation.webp": Shot("morning.html", 1240),
    "documents.webp": Shot("docs/how-to/watch-it-live.html", 860),
    "contents.webp": Shot("docs/index.html", 860),
}
"""By file name in docs/images."""


def take(images: Path) -> None:
    """Write the pictures; without a browser, say so and leave those as they are."""
    if shutil.which(BROWSER) is None:
        print(f"{BROWSER} is not here: {', '.join(SHOTS)} stay as they are", flush=True)
        return
    with TemporaryDirectory() as made:
        home = Path(made)
        pages(home)
        for name, shot in SHOTS.items():
            print(name, flush=True)
            browse(home / shot.page, images / name, shot)


def pages(home: Path) -> None:
    """Make the pages, by the commands that anybody makes them with."""
    poolkeeper = str(Path(sys.executable).with_name("poolkeeper"))
    ledger = home / "ledger.json"
    ledger.write_text(run(home, sys.executable, str(ROOT / "tests" / "ledger_weeks.py")), encoding="utf-8")
    run(home, poolkeeper, "report", "--week", "--at=2026-11-23", f"--from-file={ledger}", "--out=report.html")
    (home / "chat.yaml").write_text(found(r"<!-- file: chat\.yaml -->\n```yaml\n(.*?)```"), encoding="utf-8")
    run(home, "sh", "-c", found(r"(awk .*?> morning\.csv)"))
    against = ("--startup=4m", "--against=static,hpa,keda", "--html=morning.html")
    run(home, poolkeeper, "simulate", "-f", "chat.yaml", "--trace=morning.csv", *against)
    run(home, sys.executable, "-m", "sphinx", "-q", "-b", "html", str(DOCS), "docs")


def found(pattern: str) -> str:
    """Return what the page on simulating has at this place."""
    return re.findall(pattern, SIMULATED.read_text(encoding="utf-8"), re.DOTALL)[0]  # type: ignore[no-any-return]


def run(home: Path, *argv: str) -> str:
    """Run a command, and return what it printed; one that fails is an error."""
    return subprocess.run(argv, cwd=home, check=True, stdout=subprocess.PIPE, text=True, timeout=WITHIN).stdout


def browse(page: Path, path: Path, shot: Shot) -> None:
    """Write what the browser shows of a page."""
    argv = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    argv += [f"--blink-settings=preferredColorScheme={shot.ground}", f"--window-size={WIDE},{shot.high}"]
    subprocess.run(
        [*argv, f"--screenshot={path}", page.as_uri()], check=True, capture_output=True, timeout=WITHIN, cwd=path.parent
    )
