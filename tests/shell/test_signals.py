"""What is said of a pod's node, read from objects in the shape that each provider gives them."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.shell import provider_objects as made
from tests.shell.provider_objects import (
    START,
    about_claim,
    about_node,
    about_node_pool,
    about_pod,
    aks,
    eks,
    event,
    gke,
    karpenter,
    node,
    pod,
    ready,
    taint,
)

from poolkeeper.api.providers import AKS, EKS, GKE, KARPENTER
from poolkeeper.core.observation import Wait
from poolkeeper.shell.signals import Signals

INTERRUPTED = "Spot interruption warning was triggered"
NOMINATED = "Pod should schedule on: nodeclaim/gpu-x7k2q"
OUT = "Failed to schedule pod, no instance type has the required offering, requirements=karpenter.sh/nodepool In [gpu]"
NO_MATCH = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
ICE = "NodeClaim gpu-x7k2q event: creating instance, insufficient capacity, with fleet error(s), UnfulfillableCapacity"
SCALED_UP = "pod triggered scale-up: [{gpu-spot 1->2 (max: 8)}]"
BACKED_OFF = "pod didn't trigger scale-up: 1 in backoff after failed scale-up"
GROUPS_DIFFER = "pod didn't trigger scale-up: 2 node(s) didn't match Pod's node affinity/selector"
OTHER_TYPE = (
    "Failed to schedule pod, incompatible requirements, key karpenter.sh/capacity-type,"
    " karpenter.sh/capacity-type In [spot] not in karpenter.sh/capacity-type In [on-demand]"
)
UNKNOWN_LABEL = 'Failed to schedule pod, incompatible requirements, label "gpu.vendr" does not have known values'
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
EMPTIED = "NodePool requirements filtered out all compatible available instance types"


class Seen:
    """A cluster's nodes and events, as reflectors hand them on."""

    def __init__(self, *nodes):
        self.synced = True
        self.signals = Signals(lambda: self.synced)
        for found in nodes:
            self.signals.node_changed(("", found.name), None, found)

    def tell(self, reason, message, about, second=60, component="karpenter"):
        found = event(reason, message, about, second, component)
        self.signals.event_changed((about.get("namespace", "default"), f"{reason}.{second}"), None, found)
        return self

    def autoscaler(self, reason, message, second=60):
        return self.tell(reason, message, about_pod(), second, "cluster-autoscaler")

    def notice(self, second=60, **where):
        return self.signals.notice(pod(**{"on": "n1"} | where), START + timedelta(seconds=second))

    def wait(self, **asked):
        return self.signals.pod(pod(**asked), START).wait


class TestReclaim:
    """On spot nodes."""

    def test_karpenter_s_event_on_the_node(self):
        seen = Seen(karpenter()).tell("SpotInterrupted", INTERRUPTED, about_node())
        assert seen.notice() == f"SpotInterrupted: {INTERRUPTED}"

    def test_karpenter_s_event_on_the_node_claim_which_comes_first(self):
        assert Seen(karpenter()).tell("SpotInterrupted", INTERRUPTED, about_claim()).notice()

    def test_an_event_on_another_node_claim_is_none(self):
        assert not Seen(karpenter()).tell("SpotInterrupted", INTERRUPTED, about_claim("gpu-n2")).notice()

    def test_an_event_on_an_earlier_node_of_the_same_name_is_none(self):
        assert not Seen(karpenter()).tell("SpotInterrupted", INTERRUPTED, about_node(uid="uid-before")).notice()

    @pytest.mark.parametrize(("second", "counts"), [(0, True), (-60, False)])
    def test_an_event_whose_uid_is_the_node_s_name_counts_since_the_node_was_made(self, second, counts):
        """AKS' node-problem-detector knows no better UID."""
        later = made.stamp(120)
        seen = Seen(aks(creationTimestamp=later)).tell("PreemptScheduled", "soon", about_node(uid="n1"), 120 + second)
        assert bool(seen.notice()) is counts

    def test_another_event_on_the_node_is_none(self):
        seen = Seen(karpenter()).tell("InsufficientCapacityError", ICE, about_claim("gpu-n1"))
        assert not seen.notice()

    @pytest.mark.parametrize("key", ["spot-itn", "rebalance-recommendation", "asg-lifecycle-termination"])
    def test_the_taints_of_aws_node_termination_handler(self, key):
        """Its value names the event: `pkg/node/node.go`."""
        found = eks(taints=[taint(f"aws-node-termination-handler/{key}", "spot-itn-5d4c1bf2")])
        assert Seen(found).notice() == f"taint aws-node-termination-handler/{key}"

    def test_the_taint_of_gke_s_maintenance_handler(self):
        assert Seen(gke(taints=[taint("cloud.google.com/impending-node-termination")])).notice()

    def test_the_taint_of_aks_node_auto_drain(self):
        assert Seen(aks(taints=[taint("remediator.kubernetes.azure.com/unschedulable")])).notice()

    def test_the_condition_of_aks_node_problem_detector(self):
        words = "Preempt Scheduled: Mon, 03 Aug 2026 08:18:16 GMT. DurationInSeconds: -1."
        told = {"type": "VMEventScheduled", "status": "True", "reason": "VMEventScheduled", "message": words}
        assert Seen(aks(conditions=[told])).notice() == words

    def test_the_same_condition_once_it_is_over(self):
        words = "Preempt Scheduled: Mon, 03 Aug 2026 08:18:16 GMT. DurationInSeconds: -1."
        told = {"type": "VMEventScheduled", "status": "False", "reason": "NoVMEventScheduled", "message": words}
        assert not Seen(aks(conditions=[told])).notice()

    def test_a_spot_node_that_only_bears_its_provider_s_marks(self):
        assert not Seen(aks()).notice()

    @pytest.mark.parametrize(
        "voluntary",
        [
            taint("karpenter.sh/disrupted"),
            taint("ToBeDeletedByClusterAutoscaler", "1772452800"),
            taint("DeletionCandidateOfClusterAutoscaler", "1772452800", "PreferNoSchedule"),
            taint("node.kubernetes.io/unschedulable"),
        ],
    )
    def test_a_drain_a_consolidation_and_a_scale_down_are_none(self, voluntary):
        assert not Seen(karpenter(taints=[voluntary])).notice()

    @pytest.mark.parametrize("found", [eks(capacity="ON_DEMAND"), gke(spot=False), aks(spot=False), node()])
    def test_elsewhere_a_provider_s_taint_means_repair(self, found):
        borne = {"remediator.kubernetes.azure.com/unschedulable": "", "cloud.google.com/impending-node-termination": ""}
        assert not Seen(replace(found, taints=borne)).notice()

    def test_elsewhere_an_interruption_is_not_believed(self):
        assert not Seen(karpenter(capacity="on-demand")).tell("SpotInterrupted", INTERRUPTED, about_node()).notice()


class TestReclaimedPods:
    """That are not live any more when we look."""

    @staticmethod
    def reclaimed(seen, second=60, **ending):
        found = replace(pod(on="n1"), **{"terminating": True, "ended_at": START} | ending)
        return seen.signals.was_reclaimed(found, START + timedelta(seconds=second))

    noticed = eks(taints=[taint("aws-node-termination-handler/spot-itn")])

    def test_one_that_is_evicted_from_a_node_under_notice(self):
        assert self.reclaimed(Seen(self.noticed), disruption="EvictionByEvictionAPI")

    @pytest.mark.parametrize("why", ["Terminated", "NodeShutdown", "NodeAffinity", "TerminationByKubelet"])
    def test_one_that_the_kubelet_failed_there(self, why):
        assert self.reclaimed(Seen(self.noticed), terminating=False, phase="Failed", disruption=why)

    @pytest.mark.parametrize("why", ["DeletionByPodGC", "DeletionByTaintManager"])
    def test_one_that_went_with_its_node(self, why):
        assert self.reclaimed(Seen(), disruption=why)

    def test_one_that_a_drain_or_a_consolidation_evicts_is_none(self):
        found = karpenter(taints=[taint("karpenter.sh/disrupted")])
        assert not self.reclaimed(Seen(found), disruption="EvictionByEvictionAPI")

    def test_one_that_a_drain_evicted_before_its_node_went_is_none(self):
        assert not self.reclaimed(Seen(), disruption="EvictionByEvictionAPI")

    @pytest.mark.parametrize("why", ["Evicted", ""])
    def test_one_that_failed_of_itself_is_none(self, why):
        assert not self.reclaimed(Seen(self.noticed), terminating=False, phase="Failed", disruption=why)

    def test_one_that_the_scheduler_preempts_is_none(self):
        assert not self.reclaimed(Seen(self.noticed), disruption="PreemptionByScheduler")

    def test_one_on_a_lost_node_of_another_kind_is_none(self):
        assert not self.reclaimed(Seen(eks(capacity="ON_DEMAND", taints=[taint(OUT_OF_SERVICE)])))

    def test_one_that_is_live_is_not_yet(self):
        assert not self.reclaimed(Seen(self.noticed), terminating=False, ended_at=None)

    @pytest.mark.parametrize(("second", "counts"), [(300, True), (301, False)])
    def test_it_counts_as_long_as_a_node_may_take_to_come(self, second, counts):
        assert self.reclaimed(Seen(self.noticed), second) is counts


class TestLoss:
    """Of any node."""

    @pytest.mark.parametrize("capacity", ["spot", "on-demand"])
    @pytest.mark.parametrize("key", ["node.kubernetes.io/out-of-service", "node.cloudprovider.kubernetes.io/shutdown"])
    def test_a_taint_that_says_so(self, key, capacity):
        assert Seen(karpenter(capacity=capacity, taints=[taint(key)])).notice() == f"taint {key}"

    @pytest.mark.parametrize("status", ["False", "Unknown"])
    @pytest.mark.parametrize(("second", "lost"), [(89, False), (90, True)])
    def test_it_is_not_ready_for_a_minute(self, status, second, lost):
        assert bool(Seen(eks(conditions=[ready(status, 30)])).notice(second)) is lost

    def test_it_says_since_when(self):
        assert (
            Seen(eks(conditions=[ready("False", 30)])).notice(90) == "node n1 is not ready since 2026-03-02T12:00:30Z"
        )

    def test_it_is_gone(self):
        assert Seen().notice() == "node n1 is gone"

    @pytest.mark.parametrize(("since", "gone"), [(56, False), (55, True)])
    def test_its_news_may_come_later_than_that_of_the_pod_on_it(self, since, gone):
        assert bool(Seen().notice(60, since=since)) is gone

    def test_none_is_gone_before_they_were_listed(self):
        seen = Seen()
        seen.synced = False
        assert not seen.notice()

    def test_it_was_deleted(self):
        seen = Seen(karpenter())
        seen.signals.node_changed(("", "n1"), karpenter(), None)
        assert seen.notice() == "node n1 is gone"

    def test_a_pod_without_a_node_loses_none(self):
        assert not Seen().notice(on="")


class TestWait:
    """For a node."""

    def test_nothing_is_said(self):
        assert Seen().wait() is None

    def test_a_pod_that_has_its_node_waits_for_none(self):
        assert Seen(karpenter()).tell("Nominated", NOMINATED, about_pod()).wait(on="n1") is None

    def test_karpenter_nominated_it(self):
        assert Seen().tell("Nominated", NOMINATED, about_pod()).wait() is Wait.LAUNCHING

    def test_what_is_said_of_another_pod_does_not_count(self):
        assert Seen().tell("Nominated", NOMINATED, about_pod("p2")).wait() is None

    def test_karpenter_could_not_launch_its_node_claim(self):
        seen = Seen().tell("Nominated", NOMINATED, about_pod(), 60)
        assert seen.tell("InsufficientCapacityError", ICE, about_claim("gpu-x7k2q"), 60).wait() is Wait.STOCK_OUT

    def test_another_s_node_claim_does_not_count(self):
        seen = Seen().tell("Nominated", NOMINATED, about_pod())
        assert seen.tell("InsufficientCapacityError", ICE, about_claim("gpu-zzzzz"), 61).wait() is Wait.LAUNCHING

    def test_that_its_node_claim_is_interrupted_is_no_word_on_a_wait(self):
        seen = Seen().tell("Nominated", NOMINATED, about_pod())
        assert seen.tell("SpotInterrupted", INTERRUPTED, about_claim("gpu-x7k2q"), 61).wait() is Wait.LAUNCHING

    def test_karpenter_then_nominated_it_for_another(self):
        seen = Seen().tell("Nominated", NOMINATED, about_pod(), 60)
        seen.tell("InsufficientCapacityError", ICE, about_claim("gpu-x7k2q"), 61)
        assert seen.tell("Nominated", "nodeclaim/gpu-abcde", about_pod(), 70).wait() is Wait.LAUNCHING

    def test_karpenter_has_nothing_left_to_offer(self):
        assert Seen().tell("FailedScheduling", OUT, about_pod()).wait() is Wait.STOCK_OUT

    def test_a_stock_out_holds_until_a_node_is_launched(self):
        seen = Seen().tell("FailedScheduling", OUT, about_pod(), 60)
        assert seen.tell("Nominated", NOMINATED, about_pod(), 200).wait() is Wait.LAUNCHING

    def test_a_launch_holds_until_it_is_refused_in_a_later_round(self):
        seen = Seen().tell("Nominated", NOMINATED, about_pod(), 60)
        assert seen.tell("FailedScheduling", OUT, about_pod(), 63).wait() is Wait.STOCK_OUT

    @pytest.mark.parametrize("emptied", [60, (60, 300), (3, 3), (3, 600)])
    def test_karpenter_leaves_an_emptied_node_pool_out_of_its_refusal(self, emptied):
        """`NewScheduler` filters the pools first, and says so of the pool; what it then says of the pod is the rest."""
        seen = Seen().tell("NoCompatibleInstanceTypes", EMPTIED, about_node_pool(), emptied)
        assert seen.tell("FailedScheduling", OTHER_TYPE, about_pod(), 60).wait() is Wait.STOCK_OUT

    @pytest.mark.parametrize("emptied", [(0, 10), (80, 600)])
    def test_a_node_pool_that_was_empty_at_another_time_does_not_count(self, emptied):
        seen = Seen().tell("NoCompatibleInstanceTypes", EMPTIED, about_node_pool(), emptied)
        assert seen.tell("FailedScheduling", OTHER_TYPE, about_pod(), 75).wait() is None

    def test_what_is_left_may_differ_in_labels_that_the_emptied_pool_has(self):
        seen = Seen(karpenter("n2", "on-demand")).tell("NoCompatibleInstanceTypes", EMPTIED, about_node_pool())
        assert seen.tell("FailedScheduling", UNKNOWN_LABEL, about_pod()).wait() is Wait.STOCK_OUT

    def test_a_wrong_label_stays_wrong_while_a_pool_is_empty(self):
        seen = Seen(karpenter()).tell("NoCompatibleInstanceTypes", EMPTIED, about_node_pool())
        seen.tell("FailedScheduling", UNKNOWN_LABEL, about_pod())
        assert seen.wait(nodeSelector={"gpu.vendr": "nvidia"}) is Wait.MISCONFIGURED

    def test_karpenter_could_never_offer_it(self):
        assert Seen().tell("FailedScheduling", UNKNOWN_LABEL, about_pod()).wait() is Wait.MISCONFIGURED

    def test_the_cluster_autoscaler_scaled_up(self):
        assert Seen().autoscaler("TriggeredScaleUp", SCALED_UP).wait() is Wait.LAUNCHING

    @pytest.mark.parametrize("refused", [59, 60, 61])
    def test_the_cluster_autoscaler_scales_up_and_refuses_in_one_round(self, refused):
        """The second pass over the groups looks at the pod once more, a few milliseconds later."""
        seen = Seen().autoscaler("TriggeredScaleUp", SCALED_UP, 60)
        assert seen.autoscaler("NotTriggerScaleUp", BACKED_OFF, refused).wait() is Wait.LAUNCHING

    def test_the_cluster_autoscaler_backs_off(self):
        assert Seen().autoscaler("NotTriggerScaleUp", BACKED_OFF).wait() is Wait.STOCK_OUT

    def test_gke_s_scale_up_failed(self):
        words = "Node scale up in zones us-central1-c associated with this pod failed: GCE out of resources."
        seen = Seen().autoscaler("TriggeredScaleUp", SCALED_UP, 60)
        assert seen.autoscaler("FailedScaleUp", words, 60).wait() is Wait.STOCK_OUT

    def test_a_word_that_is_unclear_does_not_hide_a_clear_one(self):
        seen = Seen().autoscaler("NotTriggerScaleUp", BACKED_OFF, 60)
        unclear = "pod didn't trigger scale-up: 1 not ready for scale-up"
        assert seen.autoscaler("NotTriggerScaleUp", unclear, 90).wait() is Wait.STOCK_OUT

    def test_events_that_are_gone_are_forgotten(self):
        seen = Seen().tell("Nominated", NOMINATED, about_pod())
        old = event("Nominated", NOMINATED, about_pod(), 60)
        seen.signals.event_changed(("lab", "Nominated.60"), old, None)
        assert (seen.wait(), seen.signals._events) == (None, {})  # noqa: SLF001  memory is bounded


class TestMisconfigured:
    """Where all that is said is that no node has the labels."""

    def test_no_node_would_do_whatever_its_capacity_type(self):
        seen = Seen(karpenter(), karpenter("n2", "on-demand"))
        assert seen.wait(words=NO_MATCH, nodeSelector={"gpu.vendr": "nvidia"}) is Wait.MISCONFIGURED

    def test_a_node_of_another_capacity_type_would_do(self):
        asked = {"kubernetes.io/hostname": "n2", "karpenter.sh/capacity-type": "spot"}
        assert Seen(karpenter(), karpenter("n2", "on-demand")).wait(words=NO_MATCH, nodeSelector=asked) is None

    def test_without_a_spot_node_it_may_be_that_none_was_launched_yet(self):
        assert Seen(node()).wait(words=NO_MATCH, nodeSelector={"gpu.vendr": "nvidia"}) is None

    def test_nodes_that_are_full_are_none_of_it(self):
        full = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
        assert Seen(karpenter()).wait(words=full, nodeSelector={"gpu.vendr": "nvidia"}) is None

    @pytest.mark.parametrize(
        ("operator", "values", "meaning"),
        [
            ("In", ["n1"], None),
            ("In", ["n9"], Wait.MISCONFIGURED),
            ("NotIn", ["n1"], Wait.MISCONFIGURED),
            ("Exists", None, None),
            ("DoesNotExist", None, Wait.MISCONFIGURED),
            ("Gt", ["1"], Wait.MISCONFIGURED),
        ],
    )
    def test_a_required_affinity_counts_too(self, operator, values, meaning):
        term = {"key": "kubernetes.io/hostname", "operator": operator} | ({"values": values} if values else {})
        affinity = {"nodeAffinity": required({"matchExpressions": [term]})}
        assert Seen(karpenter()).wait(words=NO_MATCH, affinity=affinity) is meaning

    @pytest.mark.parametrize(
        ("operator", "limit", "meaning"),
        [
            ("Gt", "79", None),
            ("Gt", "80", Wait.MISCONFIGURED),
            ("Lt", "81", None),
            ("Lt", "80", Wait.MISCONFIGURED),
        ],
    )
    def test_numbers_are_compared(self, operator, limit, meaning):
        found = eks(name="n1", capacity="SPOT")
        found = replace(found, labels=found.labels | {"gpu.memory": "80"})
        term = {"key": "gpu.memory", "operator": operator, "values": [limit]}
        affinity = {"nodeAffinity": required({"matchExpressions": [term]})}
        assert Seen(found).wait(words=NO_MATCH, affinity=affinity) is meaning

    def test_of_several_terms_one_is_enough(self):
        terms = [
            {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [name]}]}
            for name in ("n9", "n1")
        ]
        affinity = {"nodeAffinity": required(*terms)}
        assert Seen(karpenter()).wait(words=NO_MATCH, affinity=affinity) is None

    def test_a_node_that_comes_may_do(self):
        seen, asked = Seen(karpenter()), {"kubernetes.io/hostname": "n2"}
        seen.wait(words=NO_MATCH, nodeSelector=asked)
        seen.signals.node_changed(("", "n2"), None, karpenter("n2"))
        assert seen.wait(words=NO_MATCH, nodeSelector=asked) is None

    def test_a_provisioner_knows_better(self):
        seen = Seen(karpenter()).tell("Nominated", NOMINATED, about_pod())
        assert seen.wait(words=NO_MATCH, nodeSelector={"gpu.vendr": "nvidia"}) is Wait.LAUNCHING

    def test_the_cluster_autoscaler_says_no_more_than_the_scheduler(self):
        seen = Seen(karpenter()).autoscaler("NotTriggerScaleUp", GROUPS_DIFFER)
        assert seen.wait(nodeSelector={"gpu.vendr": "nvidia"}) is Wait.MISCONFIGURED

    def test_its_word_is_unclear_while_a_node_of_another_type_would_do(self):
        seen = Seen(karpenter()).autoscaler("NotTriggerScaleUp", GROUPS_DIFFER)
        assert seen.wait(nodeSelector={"eks.amazonaws.com/capacityType": "SPOT"}) is None


def required(*terms):
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}


NOTICED = taint("aws-node-termination-handler/spot-itn")
TAINTED = taint("team", "ml")


class TestAlarms:
    """What cannot wait for a pool's next look."""

    @staticmethod
    def alarms(*states):
        """Return how many alarms a node gives on its way through these states, once it is known."""
        signals = Signals(lambda: True)
        for old, new in pairwise((None, *states)):
            signals.node_changed(("", "n1"), old, new)
        return signals.alarms

    @pytest.mark.parametrize(
        "states",
        [
            (eks(), eks(taints=[NOTICED])),
            (eks(), eks(taints=[NOTICED]), eks(taints=[NOTICED, TAINTED]), None),
            (eks(capacity="ON_DEMAND"), eks(capacity="ON_DEMAND", taints=[taint(OUT_OF_SERVICE)])),
            (eks(taints=[NOTICED]),),
            (eks(), None),
        ],
        ids=["notice", "notice, then it goes", "out of service", "notice before it was known", "gone"],
    )
    def test_a_node_that_goes_gives_one(self, states):
        assert self.alarms(*states) == 1

    @pytest.mark.parametrize(
        "states",
        [
            (eks(),),
            (eks(taints=[taint("node.kubernetes.io/not-ready")]), eks()),
            (eks(), eks(taints=[TAINTED])),
            (eks(capacity="ON_DEMAND"), None),
        ],
        ids=["it joins", "it gets ready", "somebody's taint", "on demand, gone"],
    )
    def test_whatever_else_changes_gives_none(self, states):
        assert self.alarms(*states) == 0

    def test_an_interruption_gives_one(self):
        assert Seen(karpenter()).tell("SpotInterrupted", INTERRUPTED, about_node()).signals.alarms == 1

    def test_another_event_gives_none(self):
        assert Seen(karpenter()).tell("Nominated", NOMINATED, about_pod()).signals.alarms == 0


class TestProvider:
    """Whose nodes are there."""

    @pytest.mark.parametrize(("found", "row"), [(karpenter(), KARPENTER), (eks(), EKS), (gke(), GKE), (aks(), AKS)])
    def test_it_is_told_by_their_marks(self, found, row):
        assert Seen(found).signals.provider("auto") is row

    def test_karpenter_goes_first(self):
        assert Seen(eks(), karpenter("n2")).signals.provider("auto") is KARPENTER

    def test_it_is_unknown_without_nodes(self):
        seen = Seen(karpenter())
        seen.signals.node_changed(("", "n1"), karpenter(), None)
        assert seen.signals.provider("auto") is None

    def test_it_may_be_named(self):
        assert Seen().signals.provider("gke") is GKE

    @pytest.mark.parametrize(
        ("named", "kept", "row"),
        [("auto", "karpenter", KARPENTER), ("eks", "karpenter", EKS), ("auto", "", EKS), ("auto", "azure", EKS)],
        ids=["kept", "named", "not split", "no provider"],
    )
    def test_what_is_split_stays_with_its_own_unless_another_is_named(self, named, kept, row):
        assert Seen(eks()).signals.provider(named, kept) is row


class TestWhatTheCoreSees:
    """A pod with all that is said of it."""

    def seen(self, signals, **known):
        return signals.pod(pod(**known), START + timedelta(seconds=60))

    def test_its_node_and_notice(self):
        found = self.seen(Seen(gke(taints=[taint("cloud.google.com/impending-node-termination")])).signals, on="n1")
        assert (found.node, found.notice) == ("n1", "taint cloud.google.com/impending-node-termination")

    def test_the_provisioner_s_words_rather_than_the_scheduler_s(self):
        said = Seen().tell("FailedScheduling", f"(combined from similar events): {OUT}", about_pod())
        found = self.seen(said.signals, words="0/2 nodes are available")
        assert (found.wait, found.trouble) == (Wait.STOCK_OUT, f"FailedScheduling: {OUT}")

    def test_the_scheduler_s_words_where_there_are_no_others(self):
        assert (
            self.seen(Seen().signals, words="0/2 nodes are available").trouble
            == "Unschedulable: 0/2 nodes are available"
        )
