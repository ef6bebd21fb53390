"""spark-submit jobs/maintain.py LAKE [--keep-days DAYS] [--keep-log-days DAYS] [--dry-run] [--json]

It works in the driver alone: no executor starts.
"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    # Python puts this folder on the path, where tokenize.py would hide the standard library's module.
    here = Path(__file__).resolve().parent
    sys.path = [str(here.parent), *(each for each in sys.path if Path(each) != here)]

    from jobs.cli import entry

    entry(["maintain", *sys.argv[1:]])
