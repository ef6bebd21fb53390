"""All metrics that `tokenlake metrics` exports, in the order in which it writes them.

docs/operations/monitoring.md lists them; rules and dashboards may name no others.
"""

from jobs.metrics.metric import Metric


def _gauge(name: str, about: str, *labels: str) -> Metric:
    return Metric(f"tokenlake_{name}", "gauge", about, labels)


# The reading itself.
SCRAPE_SUCCESS = _gauge("scrape_success", "1 if the last reading of the lake succeeded, 0 if values are older.")
SCRAPE_TIME = _gauge("scrape_timestamp_seconds", "When the lake was last read.")
SCRAPE_SECONDS = _gauge("scrape_seconds", "How long the last reading of the lake took.")
BUILD_INFO = _gauge("build_info", "1; the label is the version of tokenlake that read the lake.", "version")

# Tables, from their logs.
TABLE_READABLE = _gauge("table_readable", "0 if a Delta feature that another program enabled hides rows.", "table")
TABLE_ROWS = _gauge("table_rows", "Rows of the newest version.", "table")
TABLE_BYTES = _gauge("table_bytes", "Bytes of the data files of the newest version.", "table")
TABLE_FILES = _gauge("table_files", "Data files of the newest version.", "table")
TABLE_SMALL_FILES = _gauge("table_small_files", "Data files that `tokenlake maintain` would put together.", "table")
TABLE_VERSION = _gauge("table_version", "The newest version.", "table")
TABLE_LOG_ENTRIES = _gauge("table_log_entries", "Entries of the log behind its newest checkpoint.", "table")
TABLE_LAST_COMMIT = _gauge("table_last_commit_timestamp_seconds", "The newest commit, of upkeep too.", "table")
TABLE_LAST_CHANGE = _gauge("table_last_change_timestamp_seconds", "The newest commit that changed rows.", "table")
TABLE_LAST_COMPACTION = _gauge("table_last_compaction_timestamp_seconds", "The newest compaction.", "table")
TABLE_PINS = _gauge("table_pins", "Pins in force.", "table")
RETRACTIONS = _gauge("retracted_documents", "Documents that were retracted.")

# Steps and stages, from the table `runs` and from what commands record.
RUNS = Metric("tokenlake_runs_total", "counter", "Rows of `runs`, without upkeep.", ("stage", "status"))
STAGE_LAST_SUCCESS = _gauge(
    "stage_last_success_timestamp_seconds", "When the stage last ended well, also if nothing was new.", "stage"
)
STAGE_LAST_FAILURE = _gauge("stage_last_failure_timestamp_seconds", "When the stage last failed.", "stage")
STAGE_LAST_SECONDS = _gauge("stage_last_run_seconds", "How long the last run of the stage took.", "stage")
STEP_LAST_SECONDS = _gauge("step_last_seconds", "How long the work behind the last commit took.", "stage", "table")
STEP_USUAL_SECONDS = _gauge(
    "step_usual_seconds", "Median of the same over up to 20 commits before the last.", "stage", "table"
)
STEP_LAST_ROWS_IN = _gauge("step_last_rows_in", "Rows that the last commit read.", "stage", "table")
STEP_USUAL_ROWS_IN = _gauge(
    "step_usual_rows_in", "Median of the same over up to 20 commits before the last.", "stage", "table"
)
STEP_LAST_ROWS_OUT = _gauge("step_last_rows_out", "Rows that the last commit added.", "stage", "table")
STEP_PENDING_SINCE = _gauge(
    "step_pending_since_timestamp_seconds", "The oldest commit of an input that the table has not read.", "table"
)
PENDING_STEPS = _gauge("pending_steps", "Tables that have not read all commits of their inputs.")
INGEST_INTERRUPTED = _gauge(
    "ingest_interrupted_timestamp_seconds", "When an ingest wrote files that it has not committed; absent if none did."
)

# Sources.
SOURCE_LAST_READ = _gauge("source_last_ingest_records", "Records that the last ingest read.", "source")
SOURCE_LAST_REJECTS = _gauge("source_last_ingest_rejects", "Of these, records that were rejected.", "source")
SOURCE_FILES = _gauge("source_files", "Input files known.", "source")
SOURCE_RETRY = _gauge("source_files_to_retry", "Of these, files that could not be read to their end.", "source")
SOURCE_RECORDS = _gauge("source_records", "Records of these files.", "source")
SOURCE_REJECTS = _gauge("source_rejects", "Of these, records that were rejected.", "source")

# Features.
FEATURE_NEWEST_EVENT = _gauge("feature_newest_event_timestamp_seconds", "The newest event time of the view.", "view")
FEATURE_MAX_AGE = _gauge("feature_max_age_seconds", "Values older than this are not served.", "view")
ONLINE_STORE_UP = _gauge("online_store_up", "1 if the online store answered.")
FEATURE_ONLINE_UNTIL = _gauge(
    "feature_online_until_timestamp_seconds", "Event times up to here are in the online store.", "view"
)
FEATURE_ONLINE_PENDING_SINCE = _gauge(
    "feature_online_pending_since_timestamp_seconds", "The oldest commit that is not in the online store.", "view"
)
CONSISTENCY_TIME = _gauge(
    "feature_consistency_timestamp_seconds", "The last consistency check.", "view", "answers_from"
)
CONSISTENCY_COMPARED = _gauge("feature_consistency_compared", "Values that it compared.", "view", "answers_from")
CONSISTENCY_WRONG = _gauge(
    "feature_consistency_wrong", "Of these, neither equal nor merely late.", "view", "answers_from"
)
CONSISTENCY_FAILURES = _gauge("feature_consistency_failures", "Limits that it found exceeded.", "view", "answers_from")
DRIFT_TIME = _gauge("feature_drift_timestamp_seconds", "The last comparison with the pinned baseline.", "view")
DRIFT_FEATURES = _gauge("feature_drift_features", "Features that it compared.", "view")
DRIFT_DRIFTED = _gauge("feature_drift_drifted", "Of these, features that have drifted.", "view")

# Checks and upkeep, as the commands recorded them in the lake.
CHECK_TIME = _gauge("check_timestamp_seconds", "The last `tokenlake check`.")
CHECK_FINDINGS = _gauge("check_findings", "What it looked at.")
CHECK_FAILED = _gauge("check_failed_findings", "Of these, what does not hold.")
UPKEEP_TIME = _gauge("upkeep_timestamp_seconds", "The last `tokenlake maintain` that was no dry run.")
UPKEEP_REFUSED = _gauge("upkeep_refused_tables", "Tables that it had to leave as they are.")

# Kubernetes, with --kubernetes.
KUBERNETES_UP = _gauge("kubernetes_up", "1 if the API server answered.")
SCHEDULE_LAST_RUN = _gauge("schedule_last_run_timestamp_seconds", "When the schedule last started a run.", "schedule")
SCHEDULE_NEXT_RUN = _gauge("schedule_next_run_timestamp_seconds", "When it will start the next one.", "schedule")
SCHEDULE_SUSPENDED = _gauge("schedule_suspended", "1 if the schedule is suspended.", "schedule")
SCHEDULE_MISSED = _gauge("schedule_missed", "1 if the next run lies more than a minute in the past.", "schedule")
SCHEDULE_INVALID = _gauge("schedule_invalid", "1 if the operator does not accept the schedule.", "schedule")
SCHEDULE_LAST_STATE = _gauge("schedule_last_state", "1; the label is the state of its last run.", "schedule", "state")
APPLICATIONS = _gauge("applications", "SparkApplications, by job and state.", "spark_job", "state")

ALL: tuple[Metric, ...] = tuple(each for each in globals().values() if isinstance(each, Metric))
