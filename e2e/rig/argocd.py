"""Argo CD's judgement of a pool: manifests/gitops/argocd-health.lua in the Lua that Argo CD has, which is 5.1."""

from pathlib import Path
from typing import Any

from lupa.lua51 import LuaRuntime

SCRIPT = Path(__file__).parents[2] / "manifests/gitops/argocd-health.lua"


def health(pool: dict[str, Any]) -> tuple[str, str]:
    """Return the status that is shown of a pool as the API server has it, and the words beside it."""
    lua = LuaRuntime(register_eval=False, register_builtins=False, unpack_returned_tuples=True)
    for name in ("os", "io", "debug", "python"):  # Argo CD gives a script none of these
        lua.globals()[name] = None
    lua.globals().obj = lua.table_from(pool, recursive=True)
    found = lua.execute(SCRIPT.read_text())
    return found.status, found.message
