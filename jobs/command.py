"""spark-submit jobs/command.py COMMAND …: any command of tokenlake, such as `retract LAKE --doc-id ID`"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    # Python puts this folder on the path, where tokenize.py would hide the standard library's module.
    here = Path(__file__).resolve().parent
    sys.path = [str(here.parent), *(each for each in sys.path if Path(each) != here)]

    from jobs.cli import entry

    entry(sys.argv[1:])
