"""The regression gate sees a kernel that has become slow, or wrong, and says which."""

from dataclasses import replace

import pytest
import yaml

from benchmarks.gate import FLOORS, DifferentError, problems, ratios
from benchmarks.kernels import KERNELS, texts

BY_NAME = {kernel.name: kernel for kernel in KERNELS}
REPETITIONS = 2


@pytest.fixture(scope="module")
def documents():
    return texts(20 * (REPETITIONS + 1))


@pytest.fixture(scope="module")
def floors():
    return yaml.safe_load(FLOORS.read_text())


def test_every_kernel_has_a_floor_and_every_floor_a_kernel(floors):
    assert floors.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_kernel_gives_what_its_reference_gives(name, documents, tmp_path):
    assert len(ratios(BY_NAME[name], documents, tmp_path, REPETITIONS)) == REPETITIONS


def test_a_kernel_that_works_a_hundred_times_as_long_is_named_with_ratio_and_floor(documents, floors, tmp_path):
    kernel = BY_NAME["language"]

    def slowed(prepared):
        for _ in range(99):  # so long that a disturbed reference does not make up for it
            kernel.ours(prepared)
        return kernel.ours(prepared)

    slow = replace(kernel, ours=slowed)
    ratio = max(ratios(slow, documents, tmp_path, REPETITIONS))
    (message,) = problems({"language": ratio}, floors)
    assert message.startswith(
        f"kernel language: {ratio:.2f}× its reference implementation, floor {floors['language']}×"
    )


def test_a_kernel_at_its_floor_passes():
    assert not list(problems({"language": 2.5}, {"language": 2.5}))


def test_a_kernel_without_a_floor_is_a_problem():
    (message,) = problems({"new": 8.0}, {})
    assert "kernel new: no floor" in message


def test_a_kernel_that_gives_something_else_is_named_with_the_document(documents, tmp_path):
    wrong = replace(BY_NAME["language"], ours=lambda prepared: ["xx"] * len(prepared))
    with pytest.raises(DifferentError, match="kernel language: document 0 of slice 0"):
        ratios(wrong, documents, tmp_path, REPETITIONS)
