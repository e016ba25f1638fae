"""What Dagster shows of flags: counts by type and state, complete and without anybody's data."""

from orchestration.checks.flags import STATUSES, figure_of, flag_counts


def test_counts_have_every_state_of_every_type_in_order() -> None:
    counts = flag_counts([("paid_after_death", "ACTIVE", 3), ("cash_out_within_48h", "DISMISSED", 1)])
    assert list(counts) == ["cash_out_within_48h", "paid_after_death"]
    assert counts["paid_after_death"] == {"ACTIVE": 3, "CONFIRMED": 0, "DISMISSED": 0, "RESOLVED": 0}
    assert all(tuple(by_status) == STATUSES for by_status in counts.values())


def test_no_flags_are_no_counts() -> None:
    assert flag_counts([]) == {}


def test_the_picture_has_a_bar_for_each_type_and_state() -> None:
    counts = flag_counts([("paid_after_death", "ACTIVE", 3), ("cash_out_within_48h", "DISMISSED", 1)])
    (axes,) = figure_of(counts).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["paid_after_death", "cash_out_within_48h"]
    assert sorted(bar.get_width() for bar in axes.patches) == [0, 0, 0, 0, 0, 0, 1, 3]
