import json

from builders import at, published, seen, target
from poolkeeper.api.explain import explanation
from poolkeeper.api.names import shown
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory


def explained(waiting):
    decision, _ = decide(published(), seen(waiting), Memory(), at(0))
    return explanation(decision, at(0))


def test_it_shows_every_stage_in_order():
    stages = [stage["stage"] for stage in explained(1500)["trail"]]
    assert stages == ["demand", "grace", "edits", "outage", "floor", "maximum", "startup"]


def test_it_says_why_in_words_with_numbers():
    assert explained(1500)["because"].endswith("(queue 1500 over 1000, 0 on the way)")


def test_it_is_json():
    assert json.loads(json.dumps(explained(1500))) == explained(1500)


def test_a_pool_is_called_by_its_short_name():
    assert shown("chat") == "ipool/chat"


def test_what_comes_next_is_told_with_its_time():
    decision, memory = decide(published(), seen(50, target=target(3)), Memory(), at(0))
    decision, _ = decide(published(), seen(50, 10, target=target(3)), memory, at(10))
    assert explanation(decision, at(10))["next"][0]["in"] == 290
