"""How hard the laws are tried: quickly by default, long with `--hypothesis-profile=long`."""

from hypothesis import settings

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("long", max_examples=3000, deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("quick")
