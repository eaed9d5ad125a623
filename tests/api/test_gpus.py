"""The table of GPU resources: what real nodes offer and real pods ask for."""

from decimal import Decimal

import pytest

from poolkeeper.api.gpus import count, devices, is_gpu, kind, reserved

ONE = (("nvidia.com/gpu", Decimal(1)),)


def some(**names):
    """Devices by NVIDIA's name for them: `gpu=2`, `mig_3g_20gb=1`."""
    return devices({f"nvidia.com/{name.replace('_', '-', 1).replace('_', '.')}": n for name, n in names.items()})


@pytest.mark.parametrize(
    "name",
    [
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
        "nvidia.com/mig-3g.20gb",
        "nvidia.com/mig-1g.5gb.me",
        "nvidia.com/mig-1g.5gb.shared",
        "amd.com/gpu",
        "gpu.intel.com/i915",
        "gpu.intel.com/xe",
        "google.com/tpu",
        "habana.ai/gaudi",
        "aws.amazon.com/neuron",
        "aws.amazon.com/neuroncore",
        "aws.amazon.com/neurondevice",
    ],
)
def test_a_gpu_is_told_by_its_name(name):
    assert is_gpu(name)


@pytest.mark.parametrize(
    "name",
    ["cpu", "nvidia.com/gpumem", "gpu.intel.com/millicores", "gpu.intel.com/i915_monitoring", "vpc.amazonaws.com/efa"],
)
def test_what_only_sounds_like_one_is_none(name):
    assert not is_gpu(name)


def test_gpus_are_picked_out_of_a_nodes_resources():
    room = {"cpu": "192", "memory": "2Ti", "pods": "110", "vpc.amazonaws.com/efa": "4", "nvidia.com/gpu": "8"}
    assert devices(room) == (("nvidia.com/gpu", Decimal(8)),)


@pytest.mark.parametrize(("text", "number"), [("2k", 2000), ("8", 8), (8, 8)])
def test_quantities_as_the_api_server_writes_them(text, number):
    assert devices({"nvidia.com/gpu": text}) == (("nvidia.com/gpu", Decimal(number)),)


@pytest.mark.parametrize("text", ["0", "", "many", "-1", None])
def test_none_of_a_kind_is_not_there(text):
    assert devices({"nvidia.com/gpu": text}) == ()


class TestReserved:
    """kubernetes.io "Effective Pod requests and limits"."""

    def test_containers_add_up(self):
        assert reserved([some(gpu=1), some(gpu=2)], []) == some(gpu=3)

    def test_init_containers_run_one_after_the_other(self):
        assert reserved([some(gpu=1)], [(some(gpu=2), False), (some(gpu=3), False)]) == some(gpu=3)

    def test_what_starts_before_needs_no_more_than_what_runs_later(self):
        assert reserved([some(gpu=4)], [(some(gpu=1), False)]) == some(gpu=4)

    def test_sidecars_run_on(self):
        assert reserved([some(gpu=1)], [(some(gpu=1), True)]) == some(gpu=2)

    def test_an_init_container_starts_beside_the_sidecars_before_it(self):
        starting = [(some(gpu=1), True), (some(gpu=3), False), (some(gpu=1), True)]
        assert reserved([some(gpu=1)], starting) == some(gpu=4)

    def test_kinds_are_kept_apart(self):
        assert reserved([some(gpu=1), some(mig_1g_5gb=2)], []) == some(gpu=1, mig_1g_5gb=2)

    def test_no_gpu_at_all(self):
        assert reserved([()], [((), False)]) == ()


class TestCount:
    @pytest.mark.parametrize("name", ["nvidia.com/gpu", "amd.com/gpu", "google.com/tpu", "aws.amazon.com/neuron"])
    def test_whole_ones(self, name):
        assert count(((name, Decimal(4)),), {}, ()) == 4

    def test_none_asked_for_is_not_known(self):
        assert count((), {}, ()) is None

    @pytest.mark.parametrize(
        ("asked", "gpus"),
        [(some(mig_1g_10gb=1), "0.142857143"), (some(mig_3g_40gb=2), "0.857142857"), (some(mig_7g_80gb=1), "1")],
    )
    def test_a_mig_slice_is_so_many_sevenths(self, asked, gpus):
        assert count(asked, {}, ()) == Decimal(gpus)

    def test_seven_sevenths_are_one(self):
        assert count(some(mig_1g_10gb=7), {}, ()) == 1

    def test_the_sum_of_kinds(self):
        assert count(some(mig_3g_40gb=1, mig_4g_40gb=1), {}, ()) == 1

    @pytest.mark.parametrize(
        ("asked", "product", "gpus"),
        [
            (some(mig_1g_6gb=1), "NVIDIA-A30", "0.25"),
            (some(mig_2g_48gb=1), "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "0.5"),
            (some(mig_1g_24gb=1), "NVIDIA-RTX-PRO-5000-Blackwell", "0.5"),
        ],
    )
    def test_gpus_of_fewer_slices(self, asked, product, gpus):
        assert count(asked, {"nvidia.com/gpu.product": product}, ()) == Decimal(gpus)

    def test_where_mig_is_single_the_product_tells(self):
        labels = {"nvidia.com/gpu.product": "A100-SXM4-40GB-MIG-1g.5gb"}
        assert count(some(gpu=56), labels, ()) == 8

    @pytest.mark.parametrize("asked", [some(gpu=1), devices({"nvidia.com/gpu.shared": "1"})])
    def test_a_shared_one_is_a_replica_s_part(self, asked):
        assert count(asked, {"nvidia.com/gpu.replicas": "4"}, ()) == Decimal("0.25")

    def test_shared_slices(self):
        asked = devices({"nvidia.com/mig-7g.80gb.shared": "1"})
        assert count(asked, {"nvidia.com/mig-7g.80gb.replicas": "2"}, ()) == Decimal("0.5")

    @pytest.mark.parametrize("replicas", ["0", "1"])
    def test_without_sharing_one_is_one(self, replicas):
        assert count(ONE, {"nvidia.com/gpu.replicas": replicas}, ()) == 1

    def test_shared_among_nobody_knows_how_many(self):
        assert count(devices({"nvidia.com/gpu.shared": "1"}), {}, ()) is None

    def test_a_part_that_is_unknown_makes_all_unknown(self):
        assert count(some(gpu=1) + devices({"nvidia.com/gpu.shared": "1"}), {}, ()) is None


class TestNeuron:
    """The device plugin offers devices, by one name or two, and their cores: the same hardware."""

    TRN2 = devices(
        {f"aws.amazon.com/{name}": n for name, n in (("neuron", 16), ("neurondevice", 16), ("neuroncore", 128))}
    )
    OLD = devices({"aws.amazon.com/neurondevice": 1, "aws.amazon.com/neuroncore": 2})

    def test_a_node_s_devices_count_once(self):
        assert count(self.TRN2, {}, self.TRN2) == 16

    def test_also_by_their_older_name(self):
        assert count(self.OLD, {}, self.OLD) == 1

    @pytest.mark.parametrize(("offered", "gpus"), [(TRN2, "0.25"), (OLD, "1")])
    def test_cores_are_parts_of_a_device(self, offered, gpus):
        assert count(devices({"aws.amazon.com/neuroncore": 2}), {}, offered) == Decimal(gpus)

    @pytest.mark.parametrize("offered", [(), devices({"aws.amazon.com/neuron": 1}), ONE])
    def test_cores_on_a_node_that_tells_nothing_of_them(self, offered):
        assert count(devices({"aws.amazon.com/neuroncore": 2}), {}, offered) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("NVIDIA-H100-80GB-HBM3", "H100"),
        ("nvidia-h100-80gb", "H100"),
        ("nvidia-h100-mega-80gb", "H100-MEGA"),
        ("NVIDIA-H100-NVL", "H100-NVL"),
        ("h100", "H100"),
        ("Tesla-T4-SHARED", "T4"),
        ("nvidia-tesla-t4", "T4"),
        ("a10g", "A10G"),
        ("NVIDIA-L40S", "L40S"),
        ("NVIDIA-A100-SXM4-40GB", "A100"),
        ("A100-SXM4-40GB-MIG-1g.5gb", "A100"),
        ("NVIDIA-A100-SXM4-80GB-MIG-1g.10gb.me-SHARED", "A100-80GB"),
        ("nvidia-a100-80gb", "A100-80GB"),
        ("NVIDIA-A100-80GB-PCIe", "A100-80GB"),
        ("Tesla-V100-SXM2-32GB", "V100-32GB"),
        ("Tesla-V100-SXM2-16GB", "V100"),
        ("AMD_Instinct_MI300X_OAM", "MI300X"),
        ("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "RTX-PRO-6000"),
        ("tpu-v6e-slice", "TPU-V6E-SLICE"),
        ("", ""),
    ],
)
def test_a_kind_has_one_name_whoever_wrote_it(written, name):
    assert (kind(written), kind(name)) == (name, name)
