"""What runs that were killed have left under `_staging`."""

from lake.maintenance.vacuum import Deleted
from lake.reading import LakeReader
from lake.scratch import STAGING


def delete_abandoned(lake: LakeReader, older_than: float, dry_run: bool = False) -> Deleted:
    """Deletes folders of intermediate rows in which nothing was written since a time.

    Files directly below stay: the next run finishes an interrupted ingest from them.
    """
    found = Deleted()
    for folder in lake.storage.entries(STAGING):
        if not folder.is_folder:
            continue
        files = [entry for _, entry in lake.storage.entries_below(f"{STAGING}/{folder.name}")]
        if max([folder.modified, *(each.modified for each in files)]) < older_than:
            found += Deleted(len(files), sum(each.size for each in files))
            if not dry_run:
                lake.storage.delete(f"{STAGING}/{folder.name}")
    return found
