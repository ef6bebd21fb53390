"""The arguments of `tokenlake export`."""

import argparse

from jobs.arguments.numbers import whole
from jobs.arguments.shared import add_command, add_lake

FORMATS = ("megatron", "mds", "parquet", "arrow")

_EXAMPLES = """\
  tokenlake export lakes/mine sequences_causal --format mds out/causal-mds
  tokenlake export lakes/mine sequences_causal --format megatron --split train out/causal-megatron
  tokenlake export lakes/mine sequences_causal --format parquet --as-lists s3://bucket/causal --version 3
  tokenlake export lakes/mine clean_documents out/texts --format arrow --columns doc_id text
"""


def add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `export`."""
    added = add_command(
        commands,
        "export",
        "write a version of a table in another program's format: Megatron-LM, MosaicML Streaming, Parquet, Arrow",
        _EXAMPLES,
    )
    add_lake(added)
    added.add_argument("table", metavar="TABLE", help="a table of the lake, as `tokenlake tables` names it")
    added.add_argument("out", metavar="OUT", help="folder or URI that does not exist yet")
    added.add_argument(
        "--format",
        choices=FORMATS,
        required=True,
        help="megatron: .bin and .idx, of causal sequences or of `tokens`; mds: shards of MosaicML Streaming, of "
        "sequences or of `tokens`; parquet, arrow: files of any table, which Hugging Face's datasets opens too",
    )
    added.add_argument("--version", metavar="N", type=whole, help="of the table (default: the newest)")
    added.add_argument(
        "--split", metavar="NAME", action="append", default=[], help="only this split; may be repeated (default: all)"
    )
    added.add_argument(
        "--columns", metavar="NAME", nargs="+", help="only these (default: all; of mds what training needs)"
    )
    added.add_argument(
        "--as-lists",
        action="store_true",
        help="parquet and arrow: token ids as lists of numbers instead of bytes, maps as lists of pairs",
    )
    added.add_argument("--json", action="store_true", help="print the manifest of the export")
    added.set_defaults(command="export:export")
