"""Rules for the images that a reader of the Containerfiles relies on."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from images.rootfs.containerfile import stages

IMAGES = Path(__file__).resolve().parents[2] / "images"
CONTAINERFILES = sorted(IMAGES.glob("*/Containerfile"))
SCRIPTS = sorted(IMAGES.rglob("*.sh"))


@pytest.fixture(params=CONTAINERFILES, ids=lambda path: path.parent.name)
def containerfile(request):
    return request.param


@pytest.fixture
def all_stages(containerfile):
    return stages(containerfile.read_text())


def last(all_stages, keyword):
    return [each for each in all_stages[-1].instructions if each.keyword == keyword]


def test_there_are_two_images():
    assert [path.parent.name for path in CONTAINERFILES] == ["features", "spark"]


def test_images_from_elsewhere_are_pinned_by_digest(all_stages):
    names = {stage.name for stage in all_stages}
    outside = {stage.parent for stage in all_stages} - names
    assert outside
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", image) for image in outside)


def test_both_images_have_the_same_base():
    assert len({stages(path.read_text())[0].parent for path in CONTAINERFILES}) == 1


def test_the_image_runs_as_a_user_without_rights(all_stages):
    (user,) = last(all_stages, "USER")
    assert int(user.text) > 0


def test_the_last_stage_holds_no_tools_that_build(all_stages):
    by_name = {stage.name: stage for stage in all_stages}
    chain, parent = [], all_stages[-1].parent
    while parent in by_name:
        chain.append(parent)
        parent = by_name[parent].parent
    assert chain == ["runtime"]


def test_nothing_that_is_downloaded_is_run_by_a_shell(containerfile):
    texts = [containerfile.read_text(), *(path.read_text() for path in SCRIPTS)]
    assert not [text for text in texts if re.search(r"\b(curl|wget)\b", text)]


def test_no_secret_is_an_argument_of_the_build(all_stages):
    names = [
        name
        for stage in all_stages
        for each in stage.instructions
        if each.keyword == "ARG"
        for name in each.assignments
    ]
    assert not [name for name in names if re.search(r"TOKEN|PASSWORD|INDEX|KEY", name)]


def test_what_is_copied_from_the_project_is_there(all_stages):
    sources = [
        source
        for stage in all_stages
        for each in stage.instructions
        if each.keyword == "COPY" and each.flag("from") is None
        for source in each.words[:-1]
    ]
    assert [source for source in sources if not (IMAGES.parent / source).exists()] == []


def test_a_step_that_downloads_gets_the_build_secrets(all_stages):
    downloads = [
        path.name
        for path in (IMAGES / "steps").glob("*.sh")
        if re.search(r"^\. .*build_settings", path.read_text(), re.M)
    ]
    runs = [each.text for stage in all_stages for each in stage.instructions if each.keyword == "RUN"]
    steps = [text for text in runs if any(f"/{name} " in f"{text} " for name in downloads)]
    assert len(steps) >= 4
    assert [text for text in steps if "id=build-settings" not in _flags(all_stages, text)] == []


def _flags(all_stages, text):
    return " ".join(
        value for stage in all_stages for each in stage.instructions if each.text == text for _, value in each.flags
    )


def test_the_spark_image_sets_what_its_entry_point_sets():
    configured: dict[str, str] = {}
    for each in last(stages((IMAGES / "spark" / "Containerfile").read_text()), "ENV"):
        configured |= each.assignments
    written = dict(line.split("=", 1) for line in (IMAGES / "spark" / "environment").read_text().splitlines())
    assert configured == written


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_syntax_error(script):
    shell = "bash" if script.read_text().startswith("#!/bin/bash") else "sh"
    assert subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False).stderr == ""


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing():
    done = subprocess.run(
        ["shellcheck", "--shell=bash", "--exclude=SC1091,SC3043", *SCRIPTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
