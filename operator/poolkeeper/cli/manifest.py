"""YAML files of InferencePools, read as kubectl reads them."""

import sys
from pathlib import Path
from typing import Any

import typer
import yaml

from poolkeeper.api import names

Json = dict[str, Any]

THEIRS = ("inference.networking.k8s.io/", "inference.networking.x-k8s.io/")
PIPE = Path("-")
INT, FLOAT, DATE = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"


class Loader(yaml.SafeLoader):
    """Reads `18:00` and `2027-06-30` as text, as kubectl does: to YAML 1.1 they are the number 1080 and a date."""

    def construct_count(self, node: yaml.ScalarNode) -> str | float:
        """Return a number, or the text of one that counts in sixties."""
        if ":" in node.value:
            return str(node.value)
        return int(self.construct_yaml_int(node)) if node.tag == INT else float(self.construct_yaml_float(node))

    def construct_day(self, node: yaml.ScalarNode) -> str:
        """Return a date as it stands there."""
        return str(node.value)


Loader.add_constructor(INT, Loader.construct_count)
Loader.add_constructor(FLOAT, Loader.construct_count)
Loader.add_constructor(DATE, Loader.construct_day)


def read(file: Path) -> list[Json]:
    """Return the pools of a YAML file, `-`: of what is piped in.

    Raises:
        typer.BadParameter: it cannot be read, or holds none.
    """
    try:
        documents = list(yaml.load_all(sys.stdin if file == PIPE else file.read_text(encoding="utf-8"), Loader))
    except OSError as error:
        raise refusal(f"{file}: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise refusal(f"{file}: {error}") from error
    pools = [one for one in documents if isinstance(one, dict) and one.get("kind") == names.KIND and not theirs(one)]
    if not pools:
        raise refusal(f"{file} holds no {names.KIND} of {names.API_VERSION}")
    if any(not isinstance(one.get(part) or {}, dict) for one in pools for part in ("metadata", "spec")):
        raise refusal(f"{file}: metadata and spec must be mappings")
    return pools


def theirs(document: Json) -> bool:
    """Return whether it is the other InferencePool, the Gateway API inference extension's: files may hold both."""
    return str(document.get("apiVersion")).startswith(THEIRS)


def refusal(words: str) -> typer.BadParameter:
    """Return an error about the file that was given."""
    return typer.BadParameter(words, param_hint="-f")
