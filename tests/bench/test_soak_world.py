import pytest
from soak_world import NEVER, Known, is_spot, queue, spec_of

from poolkeeper.api.spec import SpecError, parse_spec


def spec(name: str, number: int = 0) -> dict[str, object]:
    known = Known(name, "Australia/Lord_Howe")
    return {"targetRef": {"name": name}, "queue": queue(), **spec_of(known, number)}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("name", ["steady-0", "spot-0"])
def test_a_soak_s_pools_are_accepted(name, number):
    assert parse_spec(spec(name, number)).max_replicas == 6


def test_a_spoiled_spec_is_not_accepted():
    with pytest.raises(SpecError, match="window"):
        parse_spec({**spec("steady-0"), "schedule": {"timezone": "UTC", "windows": [NEVER]}})


@pytest.mark.parametrize(("name", "spot"), [("spot-0", True), ("spot-0-spot", True), ("steady-1", False)])
def test_pools_on_spot_are_told_by_their_names(name, spot):
    assert is_spot(name) == spot
