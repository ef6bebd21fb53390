"""Object stores for classic Spark: Hadoop's connector S3A, set up from the environment variables of the AWS tools.

No secret enters a setting: S3A reads keys from the environment, as the other parts of the program do.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from jobs.engine.spark.jars import JarError, JarSet
from pipelines.errors import MisuseError
from pipelines.storage.environment import endpoint, prepare
from pipelines.storage.uri import LakeUri

JARS = JarSet.read(Path(__file__).with_name("object_store_jars.toml"))

INSTALL = "tokenlake doctor --install --engine spark --object-stores"

_PROVIDERS = ",".join(  # asked in this order
    (
        "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
        "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider",
        "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",  # of a container or a machine
    )
)
_NOBODY = "org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider"


class NoConnectorError(MisuseError, RuntimeError):
    """Spark has no connector to an object store; the message says how to install it."""


def added(own: Mapping[str, str], lake: str) -> dict[str, str]:
    """Settings of a Spark that this process starts, with what a lake on S3 needs; the user's own win.

    Args:
        own: the user's settings.
        lake: its root; empty if there is none.

    Raises:
        NoConnectorError: the jars of the connector are not installed.
    """
    if not lake or not LakeUri.parse(lake).is_s3:
        return dict(own)
    prepare()
    found = {**s3a_settings(os.environ), **own}
    if not _has_connector(own):
        try:
            found["spark.jars"] = ",".join([*filter(None, [own.get("spark.jars")]), *map(str, JARS.installed())])
        except JarError as error:
            raise NoConnectorError(
                f"{lake}: classic Spark needs a connector to S3, which is not installed. Run `{INSTALL}`, "
                "or use --engine sail"
            ) from error
    return found


def s3a_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """S3A's settings (hadoop.apache.org, "Hadoop-AWS module") from the variables of the AWS tools."""
    anonymous = environment.get("AWS_SKIP_SIGNATURE", "").lower() == "true"
    found = {
        "aws.credentials.provider": _NOBODY if anonymous else _PROVIDERS,
        "endpoint.region": environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "",
        # Spark lists and reads whole files: the plain stream needs no further library.
        "input.stream.type": "classic",
    }
    address = endpoint(environment)
    if address:
        virtual = environment.get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "").lower() == "true"
        found |= {
            "endpoint": address,
            "path.style.access": str(not virtual).lower(),
            "connection.ssl.enabled": str(not address.startswith("http://")).lower(),
        }
    return {f"spark.hadoop.fs.s3a.{name}": value for name, value in found.items() if value}


def _has_connector(own: Mapping[str, str]) -> bool:
    """Whether the user has named it, or it lies among Spark's own jars."""
    if any("hadoop-aws" in own.get(key, "") for key in ("spark.jars", "spark.jars.packages")):
        return True
    import pyspark

    home = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)
    return any((home / "jars").glob("hadoop-aws-*.jar"))
