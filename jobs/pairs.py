"""spark-submit jobs/pairs.py --config CONFIG [--lake DIR] [--input PATH …] [--set K=V …]"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    # Python puts this folder on the path, where tokenize.py would hide the standard library's module.
    here = Path(__file__).resolve().parent
    sys.path = [str(here.parent), *(each for each in sys.path if Path(each) != here)]

    from jobs.submit import submit

    submit("pairs")
