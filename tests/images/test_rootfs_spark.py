"""The Spark image's root file system, run as a pod of the restricted profile runs it: `make test-rootfs`."""

import json

import pytest
import yaml

ENTRYPOINT = "/opt/entrypoint.sh"
BOUND = {"SPARK_DRIVER_BIND_ADDRESS": "127.0.0.1"}
LOCAL = {"TOKENLAKE_MASTER": "local[1]", "SPARK_LOCAL_IP": "127.0.0.1"}
POD = {
    "SPARK_EXECUTOR_MEMORY": "512m",
    "SPARK_DRIVER_URL": "spark://nobody",
    "SPARK_EXECUTOR_ID": "1",
    "SPARK_EXECUTOR_CORES": "1",
    "SPARK_APPLICATION_ID": "spark-1",
    "SPARK_EXECUTOR_POD_IP": "127.0.0.1",
    "SPARK_RESOURCE_PROFILE_ID": "0",
    "SPARK_EXECUTOR_POD_NAME": "pod",
}
SENTENCES = [
    f"The lake near village {number} is deep, and in winter {number} people walk on it." for number in range(40)
]


def write_config(rootfs, **sections):
    """A configuration with thirty pages, in the image's /tmp."""
    tmp = rootfs.inside("/tmp")
    (tmp / "pages").mkdir(exist_ok=True)
    for page in range(30):
        text = " ".join(SENTENCES[(page + step) % 40] for step in range(12))
        (tmp / "pages" / f"{page}.txt").write_text(f"{text} Page {page}.")
    config = {
        "lake": "/tmp/lake",
        "sources": [{"name": "page", "path": "/tmp/pages/*.txt"}],
        "clean": {"policy": "none"},
        "tokenizer": {"vocab_size": 400},
        "pack": [{"length": 128}],
        **sections,
    }
    (tmp / "pipeline.yaml").write_text(yaml.safe_dump(config))
    return "/tmp/pipeline.yaml"


def compiled_anew(rootfs):
    """Kernels that were not in the image: what numba has written among the links to them."""
    cache = rootfs.inside("/var/cache/tokenlake/kernels")
    assert cache.is_dir()
    return sorted(
        str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file() and not path.is_symlink()
    )


def rows(rootfs, table):
    listed = json.loads(rootfs.run(ENTRYPOINT, "tokenlake", "tables", "/tmp/lake", "--json"))
    (found,) = (each["rows"] for each in listed if each["table"] == table)
    return found


def test_every_command_is_there(spark_image):
    assert "tokenlake run" in spark_image.run(ENTRYPOINT, "tokenlake", "--help")


def test_doctor_finds_all_that_classic_spark_needs(spark_image):
    assert "MISSING" not in spark_image.run(ENTRYPOINT, "tokenlake", "doctor", "--engine", "spark")


def test_a_run_on_classic_spark_compiles_no_kernel(spark_image):
    spark_image.run(ENTRYPOINT, "tokenlake", "run", write_config(spark_image), "--engine", "spark", **LOCAL)
    assert (rows(spark_image, "documents"), compiled_anew(spark_image)) == (30, [])


def test_a_run_on_the_embedded_engine_compiles_no_kernel(spark_image):
    spark_image.run(ENTRYPOINT, "tokenlake", "run", write_config(spark_image), "--engine", "sail")
    assert (rows(spark_image, "documents"), compiled_anew(spark_image)) == (30, [])


def test_a_driver_runs_its_job_with_the_settings_of_its_file(spark_image):
    config = write_config(spark_image)
    (spark_image.inside("/tmp") / "spark.properties").write_text(
        "spark.master=local[1]\nspark.app.name=from\\ a\\ file\n"
    )
    arguments = ["--properties-file", "/tmp/spark.properties", "--class", "org.apache.spark.deploy.PythonRunner"]
    job = "local:///opt/tokenlake/jobs/ingest.py"
    spark_image.run(ENTRYPOINT, "driver", *arguments, job, "--config", config, **BOUND)
    assert (rows(spark_image, "documents"), compiled_anew(spark_image)) == (30, [])


def test_an_event_log_that_cannot_be_made_ends_the_driver_before_spark_starts(spark_image):
    settings = ["--conf", "spark.eventLog.enabled=true", "--conf", "spark.eventLog.dir=s3a://lake/events"]
    process = spark_image.start(
        ENTRYPOINT, "driver", *settings, "local:///none.py", AWS_ENDPOINT_URL="http://127.0.0.1:1", **BOUND
    )
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 1
    assert "event log" in output
    assert "none.py" not in output


def test_a_user_without_a_name_can_start_spark(spark_image):
    program = (
        "from jobs.engine.spark.engine import SparkEngine\n"
        "engine = SparkEngine()\n"
        "print('rows', engine.session.range(7).count())\n"
        "engine.stop()\n"
    )
    output = spark_image.run(ENTRYPOINT, "python", "-c", program, user=12345, **LOCAL)
    assert "rows 7" in output


def executor(rootfs, *options, **environment):
    """What an executor prints whose driver does not exist."""
    numbered = {f"SPARK_JAVA_OPT_{number}": option for number, option in enumerate(options)}
    process = rootfs.start(ENTRYPOINT, "executor", **POD, **numbered, **environment)
    output, _ = process.communicate(timeout=300)
    return output


def test_an_executor_gets_its_options_in_their_order(spark_image):
    output = executor(
        spark_image, *["-Dtokenlake.order=first"] * 9, "-XshowSettings:properties", "-Dtokenlake.order=last"
    )
    assert "tokenlake.order = last" in output


def test_an_executors_class_path_begins_with_its_configuration(spark_image):
    output = executor(spark_image, "-XshowSettings:properties", HADOOP_CONF_DIR="/etc/hadoop")
    parts = output[output.index("java.class.path = ") :].split()[2:]
    assert parts[:2] == ["/opt/spark/conf", "/etc/hadoop"]
    assert any(part.startswith("/opt/spark/jars/hadoop-aws-") for part in parts)


def test_an_executor_is_the_one_of_kubernetes(spark_image):
    output = executor(spark_image)
    assert "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend" in output
    assert "Invalid Spark URL: spark://nobody" in output


@pytest.mark.parametrize("missing", ["SPARK_EXECUTOR_MEMORY", "SPARK_DRIVER_URL"])
def test_an_executor_without_a_variable_of_its_pod_names_it(spark_image, missing):
    pod = {name: value for name, value in POD.items() if name != missing}
    process = spark_image.start(ENTRYPOINT, "executor", **pod)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert missing in output
