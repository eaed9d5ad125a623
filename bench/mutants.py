"""What share of the faults that one can make in the core is found by the core's own tests: a mutation run by mutmut.

mutmut puts one small fault at a time into a function's body (a comparison, a constant, an operator, an argument) and
runs those tests that come by there. A mutant that no test minds survives: the line says less than was thought, or the
fault makes no difference. Of each module so many are drawn by a seed, since all of them take a night; the laws and the
simulator, which would find more, are not run: what is printed is the least that is found.

Figures are printed, not judged. Survivors stand in `out/mutants.txt`, each with its change, to be looked at one by one.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import OUT, save
from stage import leave_with, say

ROOT = Path(__file__).parents[1]
WORK = OUT / "mutants"
CONFIGURATION = """\
[mutmut]
source_paths = src/poolkeeper
only_mutate = src/poolkeeper/core/*
timeout_multiplier = 5
pytest_add_cli_args_test_selection = tests/core
pytest_add_cli_args =
    --hypothesis-profile=mutants
    --hypothesis-seed=0
    -p
    no:cacheprovider
    -p
    no:xdist
"""
LINE = re.compile(r"^ +(?P<mutant>poolkeeper\.core\.(?P<module>\w+)\.\S+): (?P<verdict>[a-z ]+)$", re.MULTILINE)
NOT_RUN = "not checked"
FOUND = {"killed", "timeout", "caught by type check", "segfault"}
"""Verdicts of a fault that would not have passed: one that never ends is as plain as one that fails."""


@dataclass(frozen=True)
class Mutant:
    """One fault, and what came of it."""

    name: str
    module: str
    verdict: str


@dataclass(frozen=True)
class Share:
    """How many of the mutants that were tried were found."""

    tried: int
    found: int

    def line(self, name: str) -> str:
        """Return it as one line of the table."""
        return f"{name:<16} {self.found:>5} of {self.tried:>5}   {100 * self.found / self.tried:5.1f} %"


def read(results: str) -> list[Mutant]:
    """Return the mutants that `mutmut results --all` lists."""
    return [
        Mutant(one["mutant"], one["module"], one["verdict"]) for one in map(re.Match.groupdict, LINE.finditer(results))
    ]


def draw(mutants: Iterable[Mutant], share: float, seed: int) -> list[Mutant]:
    """Draw this share of each module's mutants, one at least."""
    by_module = defaultdict[str, list[Mutant]](list)
    for mutant in mutants:
        by_module[mutant.module].append(mutant)
    chance = random.Random(seed)  # noqa: S311  a benchmark that can be repeated
    return [one for own in by_module.values() for one in chance.sample(own, max(1, round(share * len(own))))]


def shares(mutants: Iterable[Mutant]) -> dict[str, Share]:
    """Return the share that was found of each module's mutants, the least first, without those that were not tried."""
    tried = [one for one in mutants if one.verdict != NOT_RUN]
    found = Counter(one.module for one in tried if one.verdict in FOUND)
    counted = {module: Share(count, found[module]) for module, count in Counter(one.module for one in tried).items()}
    return dict(sorted(counted.items(), key=lambda item: (item[1].found / item[1].tried, item[0])))


def lay_out(work: Path) -> None:
    """Lay the package and the core's tests out as mutmut wants them: the package below `src`, tests beside it."""
    shutil.rmtree(work, ignore_errors=True)
    tests = work / "tests"
    tests.mkdir(parents=True)
    shutil.copytree(ROOT / "operator" / "poolkeeper", work / "src" / "poolkeeper")
    shutil.copytree(ROOT / "tests" / "core", tests / "core")
    for shared in (ROOT / "tests").glob("*.py"):
        shutil.copy(shared, tests)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    options = project["tool"]["pytest"]["ini_options"]
    lines = [f"{name} = {_value(value)}\n" for name, value in options.items() if name != "testpaths"]
    (work / "setup.cfg").write_text("".join([CONFIGURATION, "\n[tool:pytest]\n", *lines]))


def _value(value: object) -> str:
    return "".join(f"\n    {one}" for one in value) if isinstance(value, list) else str(value)


def mutmut(work: Path, *arguments: str, shown: bool = False) -> str:
    """Run mutmut in a directory and return what it prints; `shown` lets its progress through instead.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=work, stdout=None if shown else subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"mutmut {arguments[0]} ended with {done.returncode}: {(done.stdout or '')[-2000:]}")
    return done.stdout or ""


def verdicts(work: Path) -> list[Mutant]:
    """Return every mutant with what came of it so far."""
    return read(mutmut(work, "results", "--all", "true"))


def run(work: Path, share: float, seed: int, workers: int) -> list[Mutant]:
    """Make the mutants, draw some and run the tests against them."""
    lay_out(work)
    say("the mutants, and which test comes by where (some minutes)")
    mutmut(work, "run", "--max-children", str(workers), "poolkeeper.core.grace.x_advance__mutmut_1", shown=True)
    drawn = draw(verdicts(work), share, seed)
    say(f"{len(drawn)} mutants, drawn by seed {seed}")
    mutmut(work, "run", "--max-children", str(workers), *(one.name for one in drawn), shown=True)
    names = {one.name for one in drawn}
    return [one for one in verdicts(work) if one.name in names]


def keep_survivors(work: Path, mutants: Sequence[Mutant]) -> Path:
    """Write down the change of each mutant that nothing found."""
    survivors = [one for one in mutants if one.verdict not in {*FOUND, NOT_RUN}]
    path = OUT / "mutants.txt"
    path.write_text("\n".join(mutmut(work, "show", one.name) for one in survivors), encoding="utf-8")
    return path


def main() -> int:
    """Run it; 0 whatever survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.1, help="of each module's mutants (0.1)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes at once (one a core)")
    given = parser.parse_args()
    mutants = run(WORK, given.share, given.seed, given.workers)
    by_module = shares(mutants)
    whole = Share(sum(one.tried for one in by_module.values()), sum(one.found for one in by_module.values()))
    print()
    for name, share in (*by_module.items(), ("core", whole)):
        print(share.line(name))
    print(f"-> {keep_survivors(WORK, mutants)}")
    content = {
        name: {"tried": share.tried, "found": share.found} for name, share in (*by_module.items(), ("core", whole))
    }
    print(f"-> {save('mutants', {'share': given.share, 'seed': given.seed, 'modules': content})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
