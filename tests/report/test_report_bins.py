"""Spark counts into the bins that the plots draw."""

import math

import numpy as np
import pytest
from pyspark.sql import functions as F

from jobs.report import bins, queries
from jobs.report.data import Threshold

VALUES = [None, float("nan"), -1.0, 0.0, 0.0115, 0.505, 0.999, 1.0, 1.55, 2.05, 9.99, 50.5, 1234.5, 99999.0, 1e6, 1e9]
KINDS = [bins.SHARE, bins.COUNT, bins.SMALL_COUNT, bins.MEAN_LENGTH, bins.Bins(0.0, 0.04, 40)]


def test_a_value_falls_between_the_edges_of_its_slot(spark):
    frame = spark.createDataFrame([(value,) for value in VALUES], "value double")
    row = frame.agg(F.collect_list(F.struct("value", *(queries.slot(F.col("value"), kind) for kind in KINDS)))).head()
    seen = 0
    for value, *slots in row[0]:
        for kind, slot in zip(KINDS, slots, strict=True):
            if value is None or math.isnan(value):
                assert slot is None
            else:
                assert slot == np.searchsorted(kind.edges, value, side="right"), (value, kind)
            seen += 1
    assert seen == len(VALUES) * len(KINDS)


def test_a_small_upper_bound_is_looked_at_closely():
    rule = Threshold(reason="fineweb.char_dup_ratio", measure="fineweb.char_dup_ratio", comparison=">", value=0.01)
    assert bins.of(rule.measure, "share", rule).edges[-1] == pytest.approx(0.04)
    assert bins.of(rule.measure, "share", None) == bins.SHARE


def test_the_last_bin_of_a_share_is_exactly_one():
    assert bins.SHARE.edges[-2] == 1.0


def test_counts_have_slots_for_none_and_for_more_than_all():
    assert bins.COUNT.histogram({0: 2, 49: 3}).counts[0] == 2
    assert bins.COUNT.histogram({0: 2, 49: 3}).counts[-1] == 3


def test_bins_that_do_not_fit_a_code_are_refused():
    with pytest.raises(ValueError, match="1 to 126 bins"):
        bins.Bins(0.0, 1.0, bins.SLOTS)
