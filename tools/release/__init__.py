"""What a release is held to: one version everywhere, a section in the changelog, and workflows that GitHub would take.

`python -m release check v1.2.3` compares a tag with the tree, `notes v1.2.3` prints the changelog's section for it,
`pin IMAGE DIGEST` names the published image in what people install.
"""

from release.actionlint import BuildError, actionlint
from release.pins import pin
from release.versions import ReleaseError, notes, version_of, versions

__all__ = ["BuildError", "ReleaseError", "actionlint", "notes", "pin", "version_of", "versions"]
