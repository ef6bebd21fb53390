"""The folders of stages: what COPY brings, and what makes a stage stale. (RUN needs root: images/verify.sh.)"""

import pytest

from images.rootfs.containerfile import stages
from images.rootfs.stages import StageBuilder

CONTENT = """
FROM base AS first
COPY code /app
FROM first AS second
COPY note.txt /notes/
FROM base
COPY --from=second /app /app
COPY --chmod=0755 note.txt /start
"""


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    (folder / "code" / "__pycache__").mkdir(parents=True)
    (folder / "code" / "a.py").write_text("1")
    (folder / "code" / "__pycache__" / "a.pyc").write_text("compiled")
    (folder / "note.txt").write_text("note")
    return folder


class Made:
    """A builder, and what it reported in its last run."""

    def __init__(self, context, work):
        self.reported = []
        self._context, self._work = context, work
        (work / "secrets").mkdir(parents=True)

    def build(self, content=CONTENT, recipe="one"):
        self.reported = []
        self.builder = StageBuilder(
            self._context, self._work, self._work / "secrets", _base, recipe, self.reported.append
        )
        return self.builder.build(stages(content))


def _base(image, folder):
    folder.mkdir()
    (folder / "os").write_text(image)


@pytest.fixture
def made(context, tmp_path):
    return Made(context, tmp_path / "work")


def test_the_last_stage_holds_its_base_and_what_it_copies(made):
    made.build()
    last = made.builder.folder("2")
    assert sorted(str(each.relative_to(last)) for each in last.rglob("*")) == ["app", "app/a.py", "os", "start"]


def test_a_folder_comes_without_what_was_compiled_from_it(made):
    made.build()
    assert not (made.builder.folder("first") / "app" / "__pycache__").exists()


def test_a_file_copied_to_a_folder_keeps_its_name(made):
    made.build()
    assert (made.builder.folder("second") / "notes" / "note.txt").read_text() == "note"


def test_the_mode_is_the_one_asked_for(made):
    made.build()
    assert (made.builder.folder("2") / "start").stat().st_mode & 0o777 == 0o755


def test_nothing_is_made_when_nothing_has_changed(made):
    before = made.build()
    assert (made.build(), made.reported) == (before, [])


def test_a_changed_file_makes_the_stages_anew_that_hold_it(made, context):
    made.build()
    (context / "note.txt").write_text("changed")
    made.build()
    assert made.reported == ["stage second", "stage 2"]


def test_a_change_reaches_the_stages_built_on_it(made, context):
    made.build()
    (context / "code" / "a.py").write_text("2")
    made.build()
    assert (made.reported, (made.builder.folder("2") / "app" / "a.py").read_text()) == (
        ["stage first", "stage second", "stage 2"],
        "2",
    )


def test_a_compiled_file_makes_nothing_stale(made, context):
    made.build()
    (context / "code" / "__pycache__" / "b.pyc").write_text("compiled")
    made.build()
    assert made.reported == []


def test_a_stage_that_was_not_finished_is_made_again(made):
    made.build()
    made.builder.folder("second").with_name("second.inputs").unlink()
    made.build()
    assert made.reported == ["stage second"]


def test_another_recipe_for_the_base_makes_all_anew(made):
    made.build()
    made.build(recipe="two")
    assert made.reported == ["base base", "stage first", "stage second", "stage 2"]
