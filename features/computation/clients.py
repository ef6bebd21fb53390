"""Current clients and what they use."""

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from features.catalogue.client import CLIENT_PROFILE, CLIENT_USAGE
from features.computation.input_file import InputFile
from features.computation.records import entities
from features.definition.view import EVENT_TIMESTAMP
from features.tables import columns_of


def client_profile(files: list[InputFile]) -> pa.Table:
    """Files with the columns client_id, domain, tier, requests_per_minute, characters_per_day and updated_at -> the
    features of view `client_profile` with their event times.

    Raises:
        InputFileError: as `entities`.
    """
    return entities(files, CLIENT_PROFILE)


def client_usage(requests: DataFrame) -> DataFrame:
    """Rows of `REQUESTS` -> the features of view `client_usage` as of each client's last request, its event time.

    Latencies are summed as whole microseconds, so every engine gets the same mean.
    """
    last = F.max("time").over(Window.partitionBy("client_id"))
    timed = requests.withColumn("last", last).selectExpr(
        "client_id",
        "last",
        "characters",
        "latency_us",
        "time > last - INTERVAL 1 HOUR AS in_hour",
        "time > last - INTERVAL 24 HOURS AS in_day",
    )
    latency = F.sum(F.when(F.col("in_hour"), F.col("latency_us"))) / F.count_if("in_hour") / 1000
    return (
        timed.groupBy("client_id")
        .agg(
            F.count_if("in_hour").alias("requests_1h"),
            F.sum(F.when(F.col("in_day"), F.col("characters"))).alias("characters_24h"),
            latency.cast("float").alias("mean_latency_ms"),
            F.max("last").alias("last_request"),
        )
        .select(*columns_of(CLIENT_USAGE).names, F.col("last_request").alias(EVENT_TIMESTAMP))
    )
