"""Sessions of Spark's Connect client."""

import sys

from pyspark.sql import SparkSession


def connected(address: str) -> SparkSession:
    """A session of its own on the server at `sc://…`, in UTC."""
    import_client()
    session = SparkSession.builder.remote(address).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    return session


def import_client() -> None:
    """Imports pyspark's Connect client, also where `__main__` has no file (`python -c`, pytest-xdist).

    There pyspark believes that its doctests run, and wants a whole Spark.
    """
    main = sys.modules["__main__"]
    is_nameless = main.__spec__ is None and not hasattr(main, "__file__")
    if is_nameless:
        main.__file__ = ""
    try:
        import pyspark.sql.connect.session  # noqa: F401
    finally:
        if is_nameless:
            del main.__file__
