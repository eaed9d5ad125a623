"""A price book is read as it was meant, or every line that is wrong is named with what would be right."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.api.price_book import COLUMNS, LARGEST, MOST, PriceBookError, parse, write
from poolkeeper.api.price_fields import ALWAYS
from poolkeeper.core.prices import ANY, Row

HEADER = ",".join(COLUMNS)
CAPACITY = "must be on-demand or spot; OnDemand, on_demand and preemptible are understood too"
MACHINE = "aws,us-east-1,*,p5.48xlarge,,on-demand,55.04,USD,2026-10-01,list price"


def book(*lines, header=HEADER):
    return parse("\n".join([header, *lines]), "prices")


def row(line):
    return book(line).rows[0]


def problems(*lines, header=HEADER):
    with pytest.raises(PriceBookError) as caught:
        book(*lines, header=header)
    return caught.value.problems


def with_field(**changes):
    fields = dict(zip(COLUMNS, MACHINE.split(","), strict=True)) | changes
    return ",".join(fields.values())


def test_a_row_says_what_a_machine_costs():
    assert row(MACHINE) == Row(
        Decimal("55.04"),
        "USD",
        datetime(2026, 10, 1, tzinfo=UTC),
        "aws",
        "us-east-1",
        ANY,
        "p5.48xlarge",
        source="list price",
        line=2,
    )


def test_a_row_says_what_a_gpu_costs():
    found = row(",,,,NVIDIA-L4,spot,0.28,EUR,,contract")
    assert found == Row(Decimal("0.28"), "EUR", ALWAYS, gpu="L4", spot=True, source="contract", line=2)


def test_empty_and_a_star_mean_anywhere():
    assert row(",*,,,*,spot,1,USD,,".replace(",*,spot", ",L4,spot")).region == row(",,,,L4,spot,1,USD,,").region == ANY


def test_the_header_decides_which_column_is_where():
    names, cells = reversed(COLUMNS), reversed(MACHINE.split(","))
    assert book(",".join(cells), header=",".join(names)).rows == book(MACHINE).rows


def test_comments_and_blank_lines_count_as_lines():
    text = f"\ufeff# prices of October\r\n\r\n{HEADER}\r\n  # on demand\r\n{MACHINE}\r\n"
    assert [one.line for one in parse(text, "prices").rows] == [5]


def test_a_quoted_field_may_hold_a_comma():
    assert row(with_field(source='"list, October"')).source == "list, October"


@pytest.mark.parametrize("text", ["on-demand", "OnDemand", "ON_DEMAND", "on demand"])
def test_on_demand_is_known_however_it_is_written(text):
    assert not row(with_field(capacity_type=text)).spot


@pytest.mark.parametrize("text", ["spot", "Spot", "SPOT", "preemptible"])
def test_spot_is_known_by_its_names(text):
    assert row(with_field(capacity_type=text)).spot


@pytest.mark.parametrize("text", ["NVIDIA-A100-SXM4-80GB", "nvidia-a100-80gb", "A100-80GB"])
def test_a_kind_of_gpu_is_known_however_it_is_written(text):
    assert row(with_field(instance_type="", gpu=text)).gpu == "A100-80GB"


@pytest.mark.parametrize(("text", "provider"), [("AWS", "aws"), ("gce", "gcp"), ("lambda", "lambda"), ("", ANY)])
def test_a_provider_is_known_however_it_is_written(text, provider):
    assert row(with_field(provider=text)).provider == provider


@pytest.mark.parametrize("text", ["0", "0.000000000001", "1e-3", "3.50", ".5", "1000000000"])
def test_a_price_is_exact(text):
    assert row(with_field(price=text)).price == Decimal(text)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-08", datetime(2026, 3, 8, tzinfo=UTC)),
        ("2026-03-08T07:30:00Z", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("2026-03-08T07:30:00-05:00", datetime(2026, 3, 8, 12, 30, tzinfo=UTC)),
        ("", ALWAYS),
    ],
)
def test_a_price_counts_from_a_day_or_an_instant_on(text, instant):
    assert row(with_field(effective_from=text)).since == instant


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"price": "-1"}, "price: must not be negative (got '-1')"),
        ({"price": "-0.00"}, "price: must not be negative (got '-0.00')"),
        ({"price": ""}, "price: must be a number, as in 3.25 (got '')"),
        ({"price": "$3"}, "price: must be a number, as in 3.25 (got '$3')"),
        ({"price": "NaN"}, "price: must be a number, as in 3.25 (got 'NaN')"),
        ({"price": "Infinity"}, "price: must be a number, as in 3.25 (got 'Infinity')"),
        ({"price": "1_000"}, "price: must be a number, as in 3.25 (got '1_000')"),
        ({"price": "\u0663"}, "price: must be a number, as in 3.25 (got '\u0663')"),
        ({"price": "1e999"}, "price: must be the price of an hour, at most 1000000000 (got '1e999')"),
        ({"price": "1000000000.01"}, "price: must be the price of an hour, at most 1000000000 (got '1000000000.01')"),
        ({"price": "1e-13"}, "price: must have at most 12 decimals (got '1e-13')"),
        ({"currency": "usd"}, "currency: must be three capital letters as in ISO 4217, such as USD (got 'usd')"),
        ({"currency": "DOLLAR"}, "currency: must be three capital letters as in ISO 4217, such as USD (got 'DOLLAR')"),
        (
            {"capacity_type": "reserved"},
            f"capacity_type: {CAPACITY} (got 'reserved')",
        ),
        (
            {"instance_type": "", "gpu": "NVIDIA"},
            "gpu: must name a kind of GPU, as in H100 or NVIDIA-A100-80GB (got 'NVIDIA')",
        ),
        (
            {"gpu": "H100"},
            "instance_type, gpu: both are given; a price is either of a machine or of one GPU",
        ),
        (
            {"instance_type": "*"},
            "instance_type, gpu: neither is given; a price is either of a machine or of one GPU",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(change, problem):
    assert problems(with_field(**change)) == [f"line 2: {problem}"]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("mark", ["\0", "\x1b[2J", "\x9b", "\u202e", "\u2028"])
def test_what_would_act_on_a_terminal_is_refused(column, mark):
    text = f"a{mark}b"
    wanted = f"line 2: {column}: must have no control characters (got {text!r})"
    assert wanted in problems(with_field(**{column: text}))


def test_letters_of_any_language_are_no_control_characters():
    assert row(with_field(source="Überlassung\u00a04711 契約")).source == "Überlassung\u00a04711 契約"


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-03-08T07:30:00", "1969-12-31", "3000-01-01", "20261001"])
def test_what_is_no_instant_is_refused(text):
    wanted = "must be a day or an instant, as in 2026-03-08 or 2026-03-08T07:30:00Z, or empty for always"
    assert problems(with_field(effective_from=text)) == [f"line 2: effective_from: {wanted} (got {text!r})"]


def test_every_problem_of_every_line_is_told_in_their_order():
    found = problems(with_field(price="-1", currency="x"), MACHINE, MACHINE, with_field(price="free"))
    assert [problem.split(":")[:2] for problem in found] == [
        ["line 2", " currency"],
        ["line 2", " price"],
        ["line 4", " the same as line 3"],
        ["line 5", " price"],
    ]


def test_a_book_that_is_wrong_all_over_is_not_read_to_its_end():
    found = problems(*[with_field(price="free")] * (MOST + 7))
    assert (len(found), found[-2:]) == (
        MOST + 1,
        [f"line {MOST + 1}: price: must be a number, as in 3.25 (got 'free')", "7 more lines were not looked at"],
    )


def test_the_same_price_twice_is_one_too_many():
    found = problems(MACHINE, with_field(price="54", currency="EUR", source="elsewhere"))
    assert found == ["line 3: the same as line 2: place, machine, capacity type and effective_from; keep one"]


def test_the_same_machine_from_another_day_on_is_another_price():
    assert len(book(MACHINE, with_field(effective_from="2026-11-01")).rows) == 2


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column):
    header = ",".join(name for name in COLUMNS if name != column)
    assert problems(header=header) == [f"line 1: the column {column} is missing; the header is {HEADER}"]


def test_an_unknown_column_is_named():
    assert problems(header=f"{HEADER},color") == [f"line 1: there is no column 'color'; the header is {HEADER}"]


def test_a_column_that_is_there_twice_is_named():
    assert problems(header=f"{HEADER},price") == [f"line 1: the column price is there twice; the header is {HEADER}"]


def test_a_header_that_cannot_be_read_is_told():
    assert problems(header='"price') == [f"line 1: unexpected end of data; the header is {HEADER}"]


@pytest.mark.parametrize("cut", [-1, 1])
def test_a_line_with_another_number_of_fields_is_told(cut):
    line = MACHINE.rpartition(",")[0] if cut < 0 else f"{MACHINE},more"
    assert problems(line) == [f"line 2: {10 + cut} fields, but the header has 10 columns"]


def test_a_quote_that_does_not_end_is_told_with_its_line():
    found = problems('aws,"us-east-1,', MACHINE)
    assert found == ["line 2: unexpected end of data; a quoted field ends on its line, and a quote in it is doubled"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n"])
def test_a_text_without_a_header_is_refused(text):
    with pytest.raises(PriceBookError, match=f"^line 1: the book is empty; the header is {HEADER}$"):
        parse(text, "prices")


def test_semicolons_are_told_in_one_line():
    words = "line 1: fields are separated by ;: save it with commas"
    assert problems(header=HEADER.replace(",", ";")) == [f"{words}; the header is {HEADER}"]


def test_a_price_with_an_exponent_is_kept_plainly():
    assert str(row(with_field(price="1e3")).price) == "1000"


def test_a_book_without_prices_is_refused():
    assert problems() == ["line 1: no price follows the header; write one row at least"]


def test_a_book_that_fits_into_no_configmap_is_refused():
    with pytest.raises(PriceBookError, match=r"^line 1: the book has 1048577 bytes; at most 1048576 fit"):
        parse("#" * (LARGEST + 1), "prices")


names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)
places = names.map(lambda text: text.strip().lstrip("#") or ANY)
machines = st.tuples(places, st.booleans()).filter(lambda one: one[0] != ANY)
kinds = st.sampled_from(["L4", "H100", "A100-80GB", "TPU-V5-LITE-PODSLICE"])
instants = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))


@st.composite
def rows(draw):
    machine, whole = draw(machines)
    return Row(
        price=draw(st.decimals(0, 100_000, places=6)),
        currency=draw(st.sampled_from(["USD", "EUR"])),
        since=draw(st.sampled_from([ALWAYS]) | instants),
        provider=draw(places).lower(),
        region=draw(places),
        zone=draw(places),
        instance=machine if whole else "",
        gpu="" if whole else draw(kinds),
        spot=draw(st.booleans()),
        source=draw(names),
    )


@given(rows())
def test_what_is_written_is_read_back(one):
    read = parse(write([one]), "prices").rows[0]
    assert (read, read.line) == (Row(**{name: getattr(one, name) for name in Row.__slots__} | {"line": 2}), 2)


def test_an_instant_in_another_zone_is_written_in_utc():
    since = datetime(2026, 3, 8, 2, tzinfo=timezone(timedelta(hours=2)))
    text = write([Row(Decimal(1), "USD", since, gpu="L4")])
    assert text.splitlines()[1] == "*,*,*,,L4,on-demand,1,USD,2026-03-08,"
