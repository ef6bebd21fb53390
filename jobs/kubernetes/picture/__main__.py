"""`python -m jobs.kubernetes.picture`: draws k8s/overlays/prod into docs/images/kubernetes.svg."""

import yaml

from jobs.kubernetes import rendering
from jobs.kubernetes.overlay import HOME
from jobs.kubernetes.picture.facts import Site
from jobs.kubernetes.picture.layout import draw

PICTURE = HOME.parent / "docs" / "images" / "kubernetes.svg"
OVERLAY = HOME / "overlays" / "prod"


def drawn() -> str:
    """The picture of the committed overlay.

    Raises:
        KustomizeError: it cannot be built.
    """
    return draw(Site(list(yaml.safe_load_all(rendering.build(OVERLAY)))))


if __name__ == "__main__":
    PICTURE.write_text(drawn())
    print(PICTURE)
