"""The reader of Containerfiles: stages, continued lines, flags, and what it refuses."""

import pytest

from images.rootfs.containerfile import ContainerfileError, instructions, stages


def only(content):
    (found,) = instructions(content)
    return found


def test_continued_lines_are_one_instruction_with_the_number_of_its_first_line():
    found = only("# a comment\n\nRUN first && \\\n    # a comment between\n    second\n")
    assert (found.keyword, found.text, found.line) == ("RUN", "first && second", 3)


def test_flags_are_separated_from_the_text():
    found = only("COPY --from=build --chmod=0755 /a /b/\n")
    assert (found.flag("from"), found.flag("chmod"), found.words) == ("build", "0755", ["/a", "/b/"])


def test_a_dash_inside_the_command_is_no_flag():
    assert only("RUN sh a.sh --from=b\n").text == "sh a.sh --from=b"


def test_the_mounts_of_a_kind_are_listed_with_their_options():
    found = only("RUN --mount=type=secret,id=a --mount=type=cache,id=b,target=/c sh d.sh\n")
    assert found.mounts("cache") == [{"type": "cache", "id": "b", "target": "/c"}]


def test_several_assignments_may_stand_in_one_instruction():
    assert only('ENV A=1 \\\n    B="two words"\n').assignments == {"A": "1", "B": "two words"}


def test_a_stage_knows_its_parent_and_an_unnamed_one_its_number():
    found = stages("FROM debian AS one\nRUN true\nFROM one\nUSER 5\n")
    assert [(each.name, each.parent) for each in found] == [("one", "debian"), ("1", "one")]


def test_an_argument_before_the_first_stage_is_put_into_from():
    assert stages("ARG BASE=debian@sha256:0\nFROM ${BASE}\n")[0].parent == "debian@sha256:0"


def test_a_given_argument_replaces_the_default():
    assert stages("ARG BASE=debian\nFROM ${BASE}\n", {"BASE": "other"})[0].parent == "other"


def test_an_instruction_that_is_not_carried_out_is_refused_with_its_line():
    with pytest.raises(ContainerfileError, match="line 2: ADD"):
        list(instructions("FROM debian\nADD https://example.org/a /a\n"))


def test_an_instruction_before_the_first_stage_is_refused():
    with pytest.raises(ContainerfileError, match="line 1: RUN"):
        stages("RUN true\nFROM debian\n")
