#!/bin/sh
# Deletes from the installed packages what no run reads: their tests, headers, and sources that were compiled.
set -eu
packages=/opt/tokenlake/lib/python3.11/site-packages

# `testing` stays: numpy.testing and pyspark.testing are imported by their own packages.
find "$packages" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
rm -rf "$packages"/pyarrow/include "$packages"/pyarrow/src "$packages"/numpy/_core/include
find "$packages" -type f \( -name '*.pyx' -o -name '*.pxi' -o -name '*.cpp' -o -name '*.hpp' -o -name '*.a' \) -delete
