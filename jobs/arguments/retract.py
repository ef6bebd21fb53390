"""The arguments of `tokenlake retract`."""

import argparse

from jobs.arguments.shared import add_command, add_engine, add_lake, add_online

_EXAMPLES = """\
  tokenlake retract lakes/mine --doc-id 0f3c5a… --dry-run
  tokenlake retract lakes/mine --uri 's3://texts/people/anna/*' --with-duplicates --reason 'request 1234'
  tokenlake retract lakes/mine --where "meta['url'] LIKE 'https://example.org/%'"
  tokenlake retract lakes/mine --undo --doc-id 0f3c5a…
"""


def add_retract(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `retract`."""
    added = add_command(
        commands,
        "retract",
        "take documents out of a lake and of all that was made from them; they do not come back",
        _EXAMPLES,
    )
    add_lake(added)
    chosen = added.add_argument_group("which documents (those of all options together)")
    chosen.add_argument("--doc-id", metavar="ID", action="append", default=[], help="a document")
    chosen.add_argument(
        "--doc-ids-from", metavar="FILE", action="append", default=[], help="documents: ids between white space"
    )
    chosen.add_argument(
        "--uri",
        metavar="URI",
        action="append",
        default=[],
        help="all documents of a file, as `inputs` writes its uri, or with a trailing * of all files that begin so; "
        "nothing of these files is read any more",
    )
    chosen.add_argument(
        "--where", metavar="SQL", action="append", default=[], help="a predicate over the columns of `documents`"
    )
    chosen.add_argument(
        "--with-duplicates",
        action="store_true",
        help="also all documents with the same text, and those of the same clusters of near duplicates",
    )
    added.add_argument("--reason", metavar="TEXT", help="recorded with the retraction; write no personal data there")
    added.add_argument("--dry-run", action="store_true", help="show what would be retracted, and change nothing")
    added.add_argument("--undo", action="store_true", help="take retractions back: the next run reads the files again")
    added.add_argument(
        "--config", metavar="CONFIG", help="run later stages with this configuration, not as the lake last ran them"
    )
    added.add_argument("--json", action="store_true", help="print one JSON document")
    add_online(added)
    add_engine(added)
    added.set_defaults(command="retract:retract")
