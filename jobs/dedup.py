"""spark-submit jobs/dedup.py --config CONFIG [--lake DIR] [--input PATH …] [--set K=V …]"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    # Python puts this folder first on the path, where tokenize.py would hide the standard library's module.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

    from jobs.submit import submit

    submit("dedup")
