import pytest

from app.dicom.date_times import DateTime, DateTimeRange, compact_date, compact_time, parse_utc_offset


@pytest.mark.parametrize(
    ("query", "inside", "outside"),
    [
        # A value is as long as its last unit (PS3.5 6.2).
        ("2020", ["2020", "202006", "20201231235959.999999"], ["2019", "2021", "20191231235959"]),
        ("202002", ["20200229235959"], ["20200301", "202001"]),
        ("20200615", ["20200615", "20200615235959.9"], ["20200616", "20200614"]),
        ("2020061510", ["202006151059"], ["2020061511"]),
        ("202006151030", ["20200615103059.5"], ["202006151031"]),
        ("20200615103000", ["20200615103000.999999"], ["20200615103001", "20200615102959.999999"]),
        ("20200615103000.12", ["20200615103000.129999"], ["20200615103000.13", "20200615103000.119999"]),
        # Ranges, open at either end (PS3.4 C.2.2.2.5)
        ("2019-2020", ["2019", "20201231"], ["2018", "2021"]),
        ("20200615 - 20200616", ["2020061623"], ["20200617"]),
        ("20200615-", ["20200615", "9999"], ["20200614"]),
        ("-20200615", ["0001", "2020061523"], ["20200616"]),
        # Offsets from UTC are taken into account
        ("20200615120000+0200", ["20200615100000+0000", "20200615050000-0500", "20200615100000"], ["20200615120000"]),
        ("20200615120000-0500", ["20200615170000+0000", "20200615120000-0500"], ["20200615120000+0000"]),
        ("20200615120000+0200-20200615110000+0000", ["20200615100000+0000"], ["20200615120000+0000"]),
        ("20200101-0500-20200102-0500", ["20200101050000+0000"], ["20200101045959+0000"]),
        ("20200615120000 0200", ["20200615100000+0000"], ["20200615120000+0000"]),
        ("20200615 0000-20200616 0000", ["20200616235959+0000"], ["20200617+0000"]),
        # A leap second, and the ends of the calendar
        ("20161231235960", ["20161231235960.5"], ["20161231235959"]),
        ("9999", ["99991231"], ["9998"]),
        ("00010101+1400", ["00010101000000+1400"], ["00010102+1400"]),
        # Without an offset in the query, values are compared as they are written
        ("20200615120000", ["20200615120000+0900", "20200615120000"], ["20200615030000+0000"]),
    ],
)
def test_moments_lie_in_a_range_whatever_their_precision_and_time_zone(query, inside, outside):
    asked = DateTimeRange.parse(query)
    assert [text for text in inside if not asked.takes_in(DateTime.parse(text))] == []
    assert [text for text in outside if asked.takes_in(DateTime.parse(text))] == []


def test_the_time_zone_of_the_query_is_that_of_ends_without_one():
    asked = DateTimeRange.parse("20200615120000-20200615130000+0000", utc_offset=120)
    assert asked.takes_in(DateTime.parse("20200615100000+0000"))
    assert asked.takes_in(DateTime.parse("20200615130000+0000"))
    assert not asked.takes_in(DateTime.parse("20200615095959+0000"))


def test_the_time_zone_of_the_data_set_is_that_of_values_without_one():
    assert DateTime.parse("20200615").or_offset(60).utc_offset == 60
    assert DateTime.parse("20200615-0100").or_offset(60).utc_offset == -60


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "today",
        "202013",
        "20200230",
        "2020061524",
        "20200615+1500",
        "20200615*",
        "2020-2021-2022",
        "0000",
        "٢٠٢٠",
    ],
)
def test_what_is_no_date_time_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        DateTimeRange.parse(text)


@pytest.mark.parametrize(("text", "minutes"), [("+0100", 60), ("-0530", -330), ("+0000", 0), ("+1400", 840)])
def test_offsets_from_utc_are_minutes(text, minutes):
    assert parse_utc_offset(text) == minutes


def test_values_of_older_standards_are_compared_as_today_s():
    assert compact_date("1997.04.24") == "19970424"
    assert compact_time("10:30:15.5") == "103015.5"
    assert (compact_date("2020"), compact_time("noon")) == ("2020", "noon")
