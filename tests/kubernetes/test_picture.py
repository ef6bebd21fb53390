"""The picture in the documentation shows the committed manifests, and its parts do not cover each other."""

import itertools
import xml.etree.ElementTree as ElementTree

import pytest

from jobs.kubernetes.picture.__main__ import PICTURE, drawn
from jobs.kubernetes.picture.drawing import Box, Drawing, TooWideError
from jobs.kubernetes.picture.facts import Site, job, start
from jobs.kubernetes.picture.layout import draw

SVG = "{http://www.w3.org/2000/svg}"


def boxes(picture: str) -> list[Box]:
    """All rectangles but the ground."""
    found = ElementTree.fromstring(picture).iter(f"{SVG}rect")
    return [Box(*(float(each.get(key)) for key in ("x", "y", "width", "height"))) for each in found if each.get("x")]


def inside(one: Box, other: Box) -> bool:
    return one.x > other.x and one.y > other.y and one.right < other.right and one.bottom < other.bottom


def apart(one: Box, other: Box) -> bool:
    return one.right < other.x or other.right < one.x or one.bottom < other.y or other.bottom < one.y


def test_the_committed_picture_shows_the_committed_manifests():
    assert PICTURE.read_text() == drawn(), "python -m jobs.kubernetes.picture"


def test_every_scheduled_job_is_in_it_with_its_time(manifests):
    site = Site(manifests)
    picture = draw(site)

    for each in site.scheduled:
        hour, minute = start(each)
        assert f">{hour:02}:{minute:02}<" in picture
        assert f">{job(each)}<" in picture


def test_boxes_of_every_site_lie_apart_or_inside_each_other(manifests):
    found = boxes(draw(Site(manifests)))

    assert len(found) >= 8
    for one, other in itertools.combinations(found, 2):
        assert apart(one, other) or inside(one, other) or inside(other, one), (one, other)


def test_a_text_that_is_wider_than_its_box_is_refused():
    with pytest.raises(TooWideError, match="wide wide"):
        Drawing(100).box(0, 0, 100, "title", [("wide " * 20,)], "#000000")
