"""`python -m jobs.kubernetes.manifests`: writes every made file below `k8s/`, as `make manifests` does.

These are the base and the schedules, which the default values make, and each overlay, which its own values make.
"""

from pathlib import Path

from jobs.kubernetes import rendering
from jobs.kubernetes.overlay import HOME, defaults


def write_all(home: Path = HOME) -> list[Path]:
    """Brings the made files up to date; returns those that changed.

    Raises:
        ConfigError: the values of an overlay are wrong.
    """
    changed = []
    for name, content in defaults().items():
        path = home / name
        if not path.is_file() or path.read_text() != content:
            path.write_text(content)
            changed.append(path)
    for values in sorted(home.glob("overlays/*/values.yaml")):
        changed += rendering.write(rendering.read(values), values.parent)
    return changed


if __name__ == "__main__":
    for each in write_all():
        print(each)
