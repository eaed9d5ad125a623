"""Which resources are GPUs, and how much of a GPU each is: one table.

    nvidia.com/gpu, amd.com/gpu, google.com/tpu ...     one: a GPU, a TPU chip, a Neuron device
    nvidia.com/mig-3g.40gb                              three of the GPU's seven compute slices
    nvidia.com/gpu where MIG is `single`                as many slices as the node's product label says
    the same where GPUs are shared, or `.shared`        over the replicas that the node's labels tell
    aws.amazon.com/neuroncore                           its part of a device: the node offers both

A MIG slice is priced by its share of the compute slices, since those are what limits how many there are; an A30 and an
RTX PRO 6000 have four, a smaller RTX PRO two. What an instance costs is shared out over what its node offers, so there
the number of slices makes no difference. Devices of resource claims (DRA) are not counted: spec.cost.gpusPerReplica
tells.

A new kind of GPU is a row here and nothing else. Sources: NVIDIA's MIG user guide ("Supported MIG Profiles"), the
README files of k8s-device-plugin and its gpu-feature-discovery, ROCm's k8s-device-plugin, Intel's device plugins,
GKE's "Deploy TPU workloads", the AWS Neuron device plugin.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

Devices = tuple[tuple[str, Decimal], ...]
"""GPU resources by name, and how many of each; never none."""
Asked = Mapping[str, Decimal]

NVIDIA = "nvidia.com/gpu"
NVIDIA_PRODUCT = "nvidia.com/gpu.product"
NEURON, NEURON_DEVICE, NEURON_CORE = (f"aws.amazon.com/{one}" for one in ("neuron", "neurondevice", "neuroncore"))
WHOLE = frozenset(
    {
        NVIDIA,
        "amd.com/gpu",
        "gpu.intel.com/i915",
        "gpu.intel.com/xe",
        "habana.ai/gaudi",
        "google.com/tpu",
        NEURON,
        NEURON_DEVICE,
    }
)
SHARED = ".shared"
DECIMALS = 9
SLICES = {"A30": 4, "RTX-PRO-6000": 4, "RTX-PRO-5000": 2, "RTX-PRO-4500": 2}
"""The compute slices of a GPU under MIG, where they are not seven."""

_MIG = re.compile(r"nvidia\.com/mig-(\d)g\.\d+gb(?:\.me)?")
_MIG_PRODUCT = re.compile(r"-MIG-(\d)g\.\d+gb(?:\.me)?")
_THOUSAND = re.compile(r"([0-9]{1,9})(k?)")
_FORM = re.compile(r"NVIDIA|TESLA|AMD|INSTINCT|OAM|SXM\d|PCIE|HBM\d+E?|BLACKWELL|SERVER|EDITION|GENERATION")
_MEMORY = re.compile(r"\d+GB?")
_SIZES = {("A100", "80GB"), ("V100", "32GB")}


def is_gpu(resource: str) -> bool:
    """Return whether a resource of this name is a GPU or a part of one."""
    name = resource.removesuffix(SHARED)
    return name in WHOLE or name == NEURON_CORE or _MIG.fullmatch(name) is not None


def devices(quantities: Mapping[str, object]) -> Devices:
    """Return the GPUs among resources, by Kubernetes' quantities; whole numbers alone can be asked for."""
    # all but `cpu`, `memory` and their like bear a domain: most objects are done with here
    found = ((name, quantity(str(told))) for name, told in quantities.items() if "/" in name and is_gpu(name))
    return tuple(sorted((name, number) for name, number in found if number))


def quantity(text: str) -> Decimal:
    """Return a whole number as the API server writes it, zero where it is none."""
    found = _THOUSAND.fullmatch(text)
    return Decimal(found[1]) * (1000 if found[2] else 1) if found else Decimal(0)


def reserved(containers: Iterable[Devices], starting: Iterable[tuple[Devices, bool]]) -> Devices:
    """Return what the scheduler keeps for a pod, from its containers and, in their order, its init containers.

    Of the latter, True marks the sidecars, which run on. Source: Kubernetes' "Effective Pod requests and limits".
    """
    running, starts = [dict(asked) for asked in containers], [(dict(asked), stays) for asked, stays in starting]
    names = {name for asked in (*running, *(asked for asked, _ in starts)) for name in asked}
    return tuple((name, most(name, running, starts)) for name in sorted(names))


def most(name: str, containers: Iterable[Asked], starting: Iterable[tuple[Asked, bool]]) -> Decimal:
    """Return how many of one kind are kept: while containers start, one after the other, or once they run."""
    beside = peak = Decimal(0)
    for asked, stays in starting:
        number = asked.get(name, Decimal(0))
        peak = max(peak, beside + number)
        beside += number if stays else 0
    return max(peak, sum((asked.get(name, Decimal(0)) for asked in containers), beside))


def count(asked: Devices, labels: Mapping[str, str], offered: Devices) -> Decimal | None:
    """Return how many GPUs devices are on a node with these labels that offers these; None where nobody can tell."""
    names = {name for name, _ in asked}
    twice = {NEURON_DEVICE, NEURON_CORE} if NEURON in names else {NEURON_CORE} if NEURON_DEVICE in names else set()
    parts = [(number, share(name, labels, dict(offered))) for name, number in asked if name not in twice]
    known = [number * part for number, part in parts if part is not None]
    return even(sum(known, Decimal(0))) if known and len(known) == len(parts) else None


def share(name: str, labels: Mapping[str, str], offered: Mapping[str, Decimal]) -> Decimal | None:
    """Return how much of a GPU one device is, None where the node does not tell."""
    if name == NEURON_CORE:
        chips = offered.get(NEURON) or offered.get(NEURON_DEVICE)
        return chips / offered[name] if chips and name in offered else None
    plain = name.removesuffix(SHARED)
    replicas = quantity(labels.get(f"{plain}.replicas", ""))
    if not replicas and plain != name:
        return None
    return sliced(plain, labels.get(NVIDIA_PRODUCT, "")) / (replicas or 1)


def sliced(name: str, product: str) -> Decimal:
    """Return how much of a GPU a device is by its MIG profile, which its name or the node's product tells."""
    profile = _MIG.fullmatch(name) or (_MIG_PRODUCT.search(product) if name == NVIDIA else None)
    return Decimal(profile[1]) / SLICES.get(kind(product), 7) if profile else Decimal(1)


def even(number: Decimal) -> Decimal:
    """Return a number of GPUs to DECIMALS, so that seven sevenths of them are one."""
    whole = number.to_integral_value()
    return whole if abs(number - whole) < Decimal(1).scaleb(2 - DECIMALS) else round(number, DECIMALS)


def kind(product: str) -> str:
    """Return the name of a kind of GPU, whoever wrote it: `NVIDIA-A100-SXM4-80GB` and `nvidia-a100-80gb` are the same.

    What is left out: who made it, how it is built in, how it is shared or sliced, and its memory unless the kind comes
    with more than one.
    """
    bare = _MIG_PRODUCT.sub("", product).removesuffix("-SHARED").upper()
    words = [word for word in re.split(r"[-_ ]+", bare) if word and not _FORM.fullmatch(word)]
    return "-".join(word for word in words if not _MEMORY.fullmatch(word) or (words[0], word) in _SIZES)
