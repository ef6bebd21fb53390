#!/bin/sh
# Makes /opt/spark of the jars and programs in the package pyspark, with Spark's connector to S3 among the jars.
# Works in the folder with jobs/engine/spark/jars.py and object_store_jars.toml.
set -eu
here=$(dirname "$0")
. "$here/build_settings.sh"
package=/opt/tokenlake/lib/python3.11/site-packages/pyspark

# Spark itself resolves the connector; the hashes are those of object_store_jars.toml.
TOKENLAKE_JARS=/tmp/jars PYTHONPATH=. SPARK_HOME=$package /opt/tokenlake/bin/python - <<'PYTHON'
from pathlib import Path
from jobs.engine.spark.jars import JarSet
JarSet.read(Path("jobs/engine/spark/object_store_jars.toml")).install()
PYTHON

mkdir -p /opt/spark/conf
for part in bin sbin jars licenses; do
    mv "$package/$part" "/opt/spark/$part"
done
mv /tmp/jars/*.jar /opt/spark/jars/
chown -R 0:0 /opt/spark
chmod -R a+rX,go-w /opt/spark
# Examples; and pyspark zipped, which every Python worker would import and compile anew in place of the package.
rm -rf "$package/examples" "$package/data" "$package/python" /opt/spark/bin/*.cmd /tmp/jars
