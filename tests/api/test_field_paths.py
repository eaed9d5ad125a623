import pytest

from poolkeeper.api.field_paths import without

BODY = {
    "metadata": {"labels": {"app": "chat", "app.kubernetes.io/name": "x"}, "finalizers": ["a", "b"]},
    "spec": {
        "containers": [
            {"name": "engine", "image": "vllm", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}]},
            {"name": 'odd]"name', "image": "odd"},
        ],
        "paused": True,
    },
}


def container(body, index=0):
    return body["spec"]["containers"][index]


def test_a_field_goes_and_its_neighbours_stay():
    made = without(BODY, [".spec.paused"])
    assert made["spec"] == {"containers": BODY["spec"]["containers"]}


def test_an_item_is_found_by_its_key():
    assert container(without(BODY, ['.spec.containers[name="engine"].image'])).keys() == {"name", "ports"}


def test_an_item_is_found_by_several_keys():
    made = without(BODY, ['.spec.containers[name="engine"].ports[containerPort=80,protocol="TCP"].name'])
    assert container(made)["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_a_key_may_hold_brackets_and_quotes():
    made = without(BODY, ['.spec.containers[name="odd]\\"name"].image'])
    assert container(made, 1) == {"name": 'odd]"name'}


def test_an_item_goes_whole():
    assert len(without(BODY, ['.spec.containers[name="engine"]'])["spec"]["containers"]) == 1


def test_a_label_with_dots_is_told_from_its_neighbour():
    assert without(BODY, [".metadata.labels.app.kubernetes.io/name"])["metadata"]["labels"] == {"app": "chat"}


def test_an_item_of_a_set_is_found_by_its_value():
    assert without(BODY, ['.metadata.finalizers[="a"]'])["metadata"]["finalizers"] == ["b"]


@pytest.mark.parametrize("path", [".spec.replicas", '.spec.containers[name="x"].image', ".spec.paused.deep", "[0]", ""])
def test_a_path_that_leads_nowhere_changes_nothing(path):
    assert without(BODY, [path]) == BODY


def test_the_original_stays():
    before = repr(BODY)
    without(BODY, [".spec.paused", ".metadata.labels"])
    assert repr(BODY) == before
