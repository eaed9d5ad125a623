"""Prices are taken over from other tools as they were meant, checked line by line, and explained."""

import json
from decimal import Decimal

import pytest
import yaml
from typer.testing import CliRunner

from poolkeeper.api.price_book import COLUMNS, parse
from poolkeeper.cli.main import app

HEADER = ",".join(COLUMNS)
SKYPILOT = (
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone"
)
OPENCOST = "EndTimestamp,InstanceID,Region,AssetClass,InstanceIDField,InstanceType,MarketPriceHourly,Version"
TYPE_LABEL = "metadata.labels.node.kubernetes.io/instance-type"
P5 = "p5.48xlarge,H100,8.0,192.0,2048.0,\"{'Gpus': [{'Name': 'H100', 'Count': 8}]}\",55.04,19.250000,us-east-1,use1-az2"
P5_NEXT = P5.replace("19.250000", "21.500000").replace("use1-az2", "use1-az4")


@pytest.fixture
def run(tmp_path):
    def act(*arguments, file=None, name="file.csv"):
        place = tmp_path / name
        place.write_text(file or "")
        said = [str(place) if one == "FILE" else one for one in arguments]
        return CliRunner().invoke(app, ["prices", *said])

    return act


@pytest.fixture
def skypilot(run):
    def act(*lines, options=()):
        return run("import", "--from", "skypilot", "FILE", *options, file="\n".join([SKYPILOT, *lines]))

    return act


@pytest.fixture
def opencost(run):
    def act(*lines, options=()):
        return run("import", "--from", "opencost", "FILE", *options, file="\n".join([OPENCOST, *lines]))

    return act


def costs(answer):
    """What is priced, where, whether on spot, and how much."""
    assert answer.exit_code == 0, answer.output
    rows = parse(answer.stdout, "made").rows
    return [(row.instance or row.gpu, row.region, row.zone, row.spot, str(row.price)) for row in rows]


def test_a_machine_of_skypilot_has_a_price_on_demand_and_on_spot(skypilot):
    assert costs(skypilot(P5)) == [
        ("p5.48xlarge", "us-east-1", "*", False, "55.04"),
        ("p5.48xlarge", "us-east-1", "*", True, "19.25"),
    ]


def test_what_the_file_does_not_say_is_said_by_options(skypilot):
    options = ("--provider", "aws", "--currency", "EUR", "--effective-from", "2026-10-01")
    answer = skypilot(P5, options=options)
    assert answer.stdout.splitlines()[1] == (
        "aws,us-east-1,*,p5.48xlarge,,on-demand,55.04,EUR,2026-10-01,skypilot file.csv"
    )


def test_zones_that_cost_the_same_are_one_region(skypilot):
    zones = [P5.replace("use1-az2", zone) for zone in ("us-east-1a", "us-east-1b")]
    assert [zone for _, _, zone, _, _ in costs(skypilot(*zones))] == ["*", "*"]


def test_zones_that_differ_have_a_price_each(skypilot):
    zones = [P5.replace("use1-az2", "us-east-1a"), P5_NEXT.replace("use1-az4", "us-east-1b")]
    assert [(zone, cost) for _, _, zone, spot, cost in costs(skypilot(*zones)) if spot] == [
        ("us-east-1a", "19.25"),
        ("us-east-1b", "21.5"),
    ]


def test_zones_that_are_told_by_ids_cost_what_the_dearest_does(skypilot):
    answer = skypilot(P5, P5_NEXT)
    assert (costs(answer)[1][2:], answer.stderr) == (
        ("*", True, "21.5"),
        "highest taken, zones that differ and are told by ids (--zone names them): 1\n",
    )


def test_the_name_of_a_zone_can_be_told(skypilot):
    names = ("--zone", "use1-az2=us-east-1a", "--zone", "use1-az4=us-east-1b")
    found = costs(skypilot(P5, P5_NEXT, options=names))
    assert [zone for _, _, zone, spot, _ in found if spot] == ["us-east-1a", "us-east-1b"]


def test_one_machine_at_several_prices_costs_the_highest(skypilot):
    answer = skypilot(P5, P5.replace("19.25", "29.25"), P5)
    assert (costs(answer)[1][4], answer.stderr) == ("29.25", "highest taken, one machine at several prices: 2\n")


CPU = "a1.large,,,2.0,4.0,,0.051,0.051000,us-east-1,use1-az2"


def test_machines_without_a_gpu_are_left_out_and_counted(skypilot):
    answer = skypilot(P5, CPU, CPU)
    assert (len(costs(answer)), answer.stderr) == (2, "left out, no GPU (--all takes them): 2\n")


def test_machines_without_a_gpu_are_taken_where_asked_for(skypilot):
    assert costs(skypilot(CPU, options=["--all"]))[0] == ("a1.large", "us-east-1", "*", False, "0.051")


@pytest.mark.parametrize("price", ["", "0", "0.0", "nan", "free"])
def test_what_has_no_price_is_left_out_and_counted(skypilot, price):
    answer = skypilot(P5, P5.replace("55.04", price).replace("19.250000", price))
    assert (len(costs(answer)), answer.stderr) == (2, "left out, no price: 1\n")


def test_a_price_from_floating_point_is_rounded(skypilot):
    assert costs(skypilot(P5.replace("55.04", "0.30000000000000004")))[0][4] == "0.3"


def test_regions_can_be_chosen(skypilot):
    answer = skypilot(P5, P5.replace("us-east-1", "us-west-2"), options=["--region", "us-west-2"])
    assert {region for _, region, *_ in costs(answer)} == {"us-west-2"}


def gcp(machine="", gpu="", count="", price="", zone="a"):
    return f"{machine},{gpu},{count},12.0,85.0,,{price},{Decimal(price) / 4},us-central1,us-central1-{zone}"


def test_a_machine_of_gcp_costs_its_gpus_too(skypilot):
    answer = skypilot(gcp("a2-highgpu-2g", price="1.40"), gcp("", "A100", "4", "10"))
    assert [(name, cost) for name, _, _, _, cost in costs(answer)] == [
        ("a2-highgpu-2g", "6.4"),
        ("a2-highgpu-2g", "1.6"),
    ]


@pytest.mark.parametrize(
    ("machine", "gpu", "price"), [("g2-standard-48", "L4", "9"), ("g4-standard-384", "RTXPRO6000", "17")]
)
def test_a_machine_of_gcp_may_be_named_by_its_cpus(skypilot, machine, gpu, price):
    assert costs(skypilot(gcp(machine, price="1"), gcp("", gpu, "1", "2")))[0][4] == price


def test_a_machine_of_gcp_whose_gpus_have_no_price_is_left_out(skypilot):
    answer = skypilot(P5, gcp("a2-highgpu-1g", price="1"), gcp("", "A100", "1", "3", zone="b"))
    assert (len(costs(answer)), answer.stderr) == (2, "left out, a machine whose GPUs have no price in its zone: 1\n")


def test_a_machine_of_gcp_is_never_priced_without_its_gpus(skypilot):
    assert len(costs(skypilot(P5, gcp("a2-highgpu-1g", price="1"), options=["--all"]))) == 2


@pytest.mark.parametrize("machine", ["n1-standard-4", "g2-standard-5", "m1"])
def test_other_machines_of_gcp_have_no_gpu_of_their_own(skypilot, machine):
    answer = skypilot(P5, gcp(machine, price="1"), gcp("", "A100", "1", "3"))
    assert (len(costs(answer)), answer.stderr) == (2, "left out, no GPU (--all takes them): 1\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (gcp("", "tpu-v5p-8320", "1", "18551"), "left out, a TPU slice is priced as a whole: 1\n"),
        (gcp("TPU-VM", "tpu-v4-8", "1", "12"), "left out, a TPU slice is priced as a whole: 1\n"),
        (
            gcp("", "T4", "1", "0.35"),
            "left out, a GPU for machines of any type, whose own price is another line's: 1\n",
        ),
    ],
)
def test_what_is_no_machine_is_left_out(skypilot, line, words):
    assert skypilot(P5, line).stderr == words


NODE = f",g6.xlarge,us-east-1,node,{TYPE_LABEL},,0.8048,2026.01"
GPU = "2028-01-06 23:34:45 UTC,NVIDIA-L4,,gpu,nvidia.com/gpu.product,,0.5,"


def test_a_type_of_node_of_opencost_is_a_machine(opencost):
    assert costs(opencost(NODE)) == [("g6.xlarge", "us-east-1", "*", False, "0.8048")]


def test_a_class_of_nodes_of_opencost_is_a_machine(opencost):
    assert costs(opencost(",node-1,,node,metadata.name,g6.xlarge,0.81,"))[0][:2] == ("g6.xlarge", "*")


def test_a_gpu_of_opencost_is_a_gpu(opencost):
    assert costs(opencost(GPU)) == [("L4", "*", "*", False, "0.5")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",node-1,,node,metadata.name,,0.13,", "left out, a single node: the book prices types of machines: 1\n"),
        (",ssd,,pv,spec.storageClassName,ssd,0.0001,", "left out, neither a node nor a GPU: 1\n"),
        (",x,,gpulabel,foo,,0.75,", "left out, neither a node nor a GPU: 1\n"),
        (
            GPU.replace("nvidia.com/gpu.product", "ours/kind"),
            "left out, a GPU by a label that the operator does not read: 1\n",
        ),
        (NODE, "left out, a node without its GPUs, which the file prices apart: 1\n"),
        (GPU.replace("0.5", ""), "left out, no price: 1\n"),
    ],
)
def test_what_the_book_has_no_place_for_is_left_out(opencost, line, words):
    assert opencost(GPU, line).stderr == words


def test_comments_before_opencost_s_header_are_passed_over(run):
    answer = run("import", "--from", "opencost", "FILE", file=f"# prices in EUR\n#\n{OPENCOST}\n{NODE}\n")
    assert costs(answer)[0][0] == "g6.xlarge"


def test_a_file_of_something_else_is_refused(opencost, run):
    answer = run("import", "--from", "skypilot", "FILE", file=f"{OPENCOST}\n{NODE}\n")
    assert (answer.exit_code, "it has no column AcceleratorName" in answer.stderr) == (2, True)


def test_nothing_to_take_is_said(skypilot):
    answer = skypilot(CPU)
    assert (answer.exit_code, "no price follows the header" in answer.stderr) == (1, True)


def test_a_book_that_fits_into_no_configmap_is_said(skypilot):
    lines = [P5.replace("us-east-1", f"region-{number}") for number in range(9000)]
    answer = skypilot(*lines)
    assert (answer.exit_code, "name regions by --region" in answer.stderr) == (1, True)


@pytest.mark.parametrize(
    "options",
    [("--zone", "use1-az2"), ("--currency", "dollars"), ("--effective-from", "soon")],
)
def test_an_option_that_means_nothing_is_refused(skypilot, options):
    answer = skypilot(P5, options=options)
    assert (answer.exit_code, options[0] in answer.stderr) == (2, True)


def test_a_file_that_is_not_there_is_refused():
    answer = CliRunner().invoke(app, ["prices", "import", "--from", "skypilot", "/nowhere.csv"])
    assert (answer.exit_code, "/nowhere.csv" in answer.stderr) == (2, True)


def test_a_configmap_holds_the_book_line_by_line(skypilot):
    made = yaml.safe_load(skypilot(P5, options=["-o", "configmap"]).stdout)
    assert (made["metadata"]["name"], made["data"]["prices.csv"]) == ("poolkeeper-prices", skypilot(P5).stdout)


GOOD = f"{HEADER}\n*,*,*,,L4,on-demand,0.80,USD,2026-05-01,list\n"
BAD = GOOD.replace("0.80", "-1").replace("USD", "usd")
PROBLEMS = [
    "line 2: currency: must be three capital letters as in ISO 4217, such as USD (got 'usd')",
    "line 2: price: must not be negative (got '-1')",
]


def test_a_good_book_is_summed_up(run):
    answer = run("check", "-f", "FILE", file=GOOD)
    assert answer.output.endswith("ok: 1 price of 1 kind of machine or GPU in USD; the newest from 2026-05-01 on\n")


def test_of_prices_without_a_date_none_is_the_newest(run):
    answer = run("check", "-f", "FILE", file=GOOD.replace("2026-05-01", ""))
    assert answer.output.endswith("in USD\n")


def test_every_problem_of_a_book_is_told_with_its_line(run):
    answer = run("check", "-f", "FILE", file=BAD)
    assert [line.partition(": ")[2] for line in answer.output.splitlines()] == PROBLEMS


def test_a_bad_book_leaves_with_1(run):
    assert run("check", "-f", "FILE", file=BAD).exit_code == 1


def test_problems_are_told_as_json(run):
    answer = run("check", "-f", "FILE", "-o", "json", file=BAD)
    assert json.loads(answer.stdout)["problems"] == PROBLEMS


def test_a_configmap_s_book_is_checked(run):
    file = yaml.safe_dump({"kind": "ConfigMap", "data": {"prices.csv": BAD}})
    assert run("check", "-f", "FILE", file=file, name="book.yaml").output.count("line 2") == 2


@pytest.mark.parametrize("file", ["kind: Secret", "kind: ConfigMap", "[", "- 1"])
def test_a_yaml_without_a_book_is_refused(run, file):
    answer = run("check", "-f", "FILE", file=file, name="book.yaml")
    assert (answer.exit_code, "holds no ConfigMap" in answer.stderr) == (2, True)


def test_a_book_is_read_from_the_standard_input():
    assert CliRunner().invoke(app, ["prices", "check", "-f", "-"], input=GOOD).exit_code == 0


@pytest.mark.parametrize(
    ("price", "since", "note"),
    [
        ("0", "", "note: line 2: the price is 0"),
        ("3", "2999-01-01", "note: no price counts before 2999-01-01, when the first of them begins"),
    ],
)
def test_what_is_hardly_meant_is_noted(run, price, since, note):
    answer = run("check", "-f", "FILE", file=f"{HEADER}\n*,*,*,,L4,on-demand,{price},USD,{since},list\n")
    assert (answer.exit_code, answer.output.splitlines()[1]) == (0, note)


def test_many_free_lines_are_not_all_named(run):
    rows = "".join(f"*,*,*,p{number},,spot,0,USD,,list\n" for number in range(12))
    (note,) = json.loads(run("check", "-f", "FILE", "-o", "json", file=f"{HEADER}\n{rows}").output)["notes"]
    assert note == "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...: the price is 0"
