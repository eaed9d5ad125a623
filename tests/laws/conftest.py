"""How hard the laws are tried: quickly by default, long with `--hypothesis-profile=long`."""

from hypothesis import HealthCheck, settings

BUSY_MACHINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=30, **BUSY_MACHINE)
settings.register_profile("long", max_examples=3000, **BUSY_MACHINE)
if settings.get_current_profile_name() == "default":
    settings.load_profile("quick")
