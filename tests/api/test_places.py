"""Where nodes are and what they are: labels and ids as each provider writes them. Sources are named in the table."""

from decimal import Decimal

import pytest

from poolkeeper.api.places import GPU, INSTANCE, machine, place
from poolkeeper.core.prices import UNTOLD, Place

KUBERNETES = {
    "topology.kubernetes.io/region": "us-east-1",
    "topology.kubernetes.io/zone": "us-east-1a",
    "node.kubernetes.io/instance-type": "p5.48xlarge",
}
OLD = {
    "failure-domain.beta.kubernetes.io/region": "us-east-1",
    "failure-domain.beta.kubernetes.io/zone": "us-east-1a",
    "beta.kubernetes.io/instance-type": "p5.48xlarge",
}
VMSS = (
    "/subscriptions/0f/resourceGroups/mc_lab/providers/Microsoft.Compute/virtualMachineScaleSets/gpu/virtualMachines/3"
)


def found(labels=None, provider_id="", gpus=None):
    return place(labels or {}, provider_id, gpus)


@pytest.mark.parametrize("labels", [KUBERNETES, OLD])
def test_region_zone_and_machine_are_kubernetes_own_labels(labels):
    there = found(labels)
    assert (there.region, there.zone, there.instance) == ("us-east-1", "us-east-1a", "p5.48xlarge")


def test_today_s_labels_go_before_the_old_ones():
    assert found(OLD | {"node.kubernetes.io/instance-type": "p5e.48xlarge"}).instance == "p5e.48xlarge"


@pytest.mark.parametrize(
    ("provider_id", "provider"),
    [
        ("aws:///us-east-1a/i-0abc", "aws"),
        ("gce://lab/us-central1-a/gke-gpu-1", "gcp"),
        (f"azure://{VMSS}", "azure"),
        ("oci://ocid1.instance.oc1", "oci"),
        ("", ""),
        ("i-0abc", ""),
        ("://", ""),
    ],
)
def test_the_provider_is_the_one_of_the_id(provider_id, provider):
    assert found(provider_id=provider_id).provider == provider


@pytest.mark.parametrize(
    ("label", "provider"),
    [
        ("eks.amazonaws.com/nodegroup", "aws"),
        ("karpenter.k8s.aws/instance-family", "aws"),
        ("cloud.google.com/gke-nodepool", "gcp"),
        ("kubernetes.azure.com/cluster", "azure"),
        ("karpenter.azure.com/sku-name", "azure"),
        ("karpenter.sh/nodepool", ""),
    ],
)
def test_without_an_id_labels_tell_whose_node_it_is(label, provider):
    assert found({label: "gpu"}).provider == provider


@pytest.mark.parametrize(
    ("provider_id", "region", "zone"),
    [
        ("aws:///eu-west-1b/i-0abc", "eu-west-1", "eu-west-1b"),
        ("aws:///us-west-2-lax-1a/i-0abc", "us-west-2", "us-west-2-lax-1a"),
        ("aws:///us-gov-east-1a/i-0abc", "us-gov-east-1", "us-gov-east-1a"),
        ("gce://lab/europe-west4-b/gke-gpu-1", "europe-west4", "europe-west4-b"),
        ("aws://elsewhere", "", ""),
        ("oci://a/b/c", "", ""),
    ],
)
def test_without_labels_the_id_tells_the_zone(provider_id, region, zone):
    there = found(provider_id=provider_id)
    assert (there.region, there.zone) == (region, zone)


@pytest.mark.parametrize(
    ("labels", "gpu"),
    [
        ({"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, "H100"),
        ({"karpenter.k8s.aws/instance-gpu-name": "l40s"}, "L40S"),
        ({"eks.amazonaws.com/instance-gpu-name": "a10g"}, "A10G"),
        ({"cloud.google.com/gke-accelerator": "nvidia-l4"}, "L4"),
        ({"karpenter.azure.com/sku-gpu-name": "A100"}, "A100"),
        ({"amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM"}, "MI300X"),
        ({"cloud.google.com/gke-tpu-accelerator": "tpu7x"}, "TPU7X"),
        ({"karpenter.k8s.aws/instance-accelerator-name": "trainium"}, "TRAINIUM"),
        ({}, ""),
    ],
)
def test_the_kind_of_gpu(labels, gpu):
    assert found(labels).gpu == gpu


def test_what_the_gpu_itself_says_goes_before_what_its_cloud_calls_it():
    labels = {"karpenter.k8s.aws/instance-gpu-name": "a100", "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}
    assert found(labels).gpu == "A100-80GB"


@pytest.mark.parametrize(("labels", "spot"), [({"karpenter.sh/capacity-type": "spot"}, True), ({}, False)])
def test_the_node_decides_whether_it_is_spot(labels, spot):
    assert found(labels).spot is spot


@pytest.mark.parametrize(("gpus", "counted"), [(Decimal(8), 8), (None, 0)])
def test_its_gpus(gpus, counted):
    assert found(gpus=gpus).node_gpus == counted


def test_a_node_that_says_nothing():
    assert found() == Place()


@pytest.mark.parametrize(
    ("provider_id", "name"),
    [
        ("aws:///us-east-1a/i-0abc", "i-0abc"),
        ("gce://lab/us-central1-a/gke-gpu-1", "gke-gpu-1"),
        (f"azure://{VMSS}", VMSS),
        ("", ""),
    ],
)
def test_what_the_bill_calls_a_machine(provider_id, name):
    assert machine(provider_id) == name


@pytest.mark.parametrize("labels", [INSTANCE, GPU])
def test_what_is_asked_of_a_node_is_the_label_that_is_read_first(labels):
    assert labels[0] in UNTOLD
