"""Partials of a cluster's workers are those of one machine: Ray Data and Spark fold their blocks, and what is merged is the whole."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

import pyarrow
import pytest
import ray
from pyspark.sql import DataFrame, SparkSession

import menjie
from facts import ALL, KEY, march
from menjie import report

Facts = Dict[str, pyarrow.Table]


@pytest.fixture(scope="module")
def facts() -> Facts:
    return march(rows=400)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "Asia/Shanghai")
    session = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "64").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def _answers(parts: List[bytes]) -> List[Any]:
    merged = report.merge(report.Partial.from_bytes(part) for part in parts)
    return [report.finish(merged, query).response for query in ALL]


def _wanted(facts: Facts) -> List[Any]:
    return [one.response for one in report.run_all(ALL, **facts)]


def _of_ray(kind: str, table: pyarrow.Table, blocks: int) -> List[bytes]:
    def fold(block: pyarrow.Table) -> pyarrow.Table:
        return pyarrow.table({"part": [report.fold(**{kind: block}, patient_key=KEY).to_bytes()]})

    parts = ray.data.from_arrow(table).repartition(blocks).map_batches(fold, batch_format="pyarrow", batch_size=None).take_all()
    return [part["part"] for part in parts]


def _of_spark(kind: str, frame: DataFrame) -> List[bytes]:
    def fold(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        for batch in batches:
            part = report.fold(**{kind: pyarrow.Table.from_batches([batch])}, patient_key=KEY)
            yield pyarrow.record_batch({"part": [part.to_bytes()]})

    return [bytes(row.part) for row in frame.mapInArrow(fold, "part binary").collect()]


def test_ray_data(cluster: None, facts: Facts) -> None:
    parts = {kind: _of_ray(kind, table, 5) for kind, table in facts.items()}
    assert all(len(of_kind) == 5 for of_kind in parts.values())
    assert _answers([part for of_kind in parts.values() for part in of_kind]) == _wanted(facts)


def test_spark(spark: SparkSession, facts: Facts) -> None:
    frames = {kind: spark.createDataFrame(table).repartition(3) for kind, table in facts.items()}
    parts = {kind: _of_spark(kind, frame) for kind, frame in frames.items()}
    # A part for each batch of at most 64 rows, in each partition.
    assert all(len(of_kind) >= 6 for of_kind in parts.values())
    assert _answers([part for of_kind in parts.values() for part in of_kind]) == _wanted(facts)


def test_what_is_wrong_is_told_by_spark_with_its_field(spark: SparkSession, facts: Facts) -> None:
    broken = facts["movements"].set_column(facts["movements"].schema.get_field_index("event"), "event", pyarrow.array(["paid?"] * facts["movements"].num_rows))
    with pytest.raises(Exception, match=r"movements\[0\]\.event"):
        _of_spark("movements", spark.createDataFrame(broken).repartition(1))


def test_the_wheel_is_the_one_that_was_built() -> None:
    assert "site-packages" in menjie.__file__
