"""The command `tokenlake` of a later version, in which measuring means something else."""

from pipelines.semantics import MEASURING


def upgrade() -> None:
    """Makes this process that version."""
    object.__setattr__(MEASURING, "changes", {**MEASURING.changes, 99: "another version, for this test"})


if __name__ == "__main__":
    from jobs.__main__ import command

    upgrade()
    command()
