"""The notebooks: run offline with warnings as errors, in step with their sources, their exercises solvable, their links alive."""
import itertools
import json
import re

import pytest

from notebooks.build import SOURCES, Session, path_of, read

notebooks = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def saved(source):
    return json.loads(path_of(source).read_text(encoding="utf-8"))


def markdown(source):
    return [cell.source for cell in read(source).cells if cell.cell_type == "markdown"]


def exercises(source):
    """(the line that checks an answer, the folded solution): the check ends a code cell, and the solution is in the cell after it."""
    cells = read(source).cells
    for cell, after in itertools.pairwise(cells):
        last = cell.source.splitlines()[-1]
        if cell.cell_type == "code" and last.startswith("check_"):
            solution = re.search(r"<details><summary>A solution</summary>\n\n```python\n(.*?)```", after.source, re.DOTALL)
            yield last, solution and solution[1]


def run(source, *, fast):
    """Run a notebook, then each exercise's check on its solution, in the same kernel."""
    with Session(read(source), fast=fast) as session:
        session.run()
        for cell in session.client.nb.cells:
            for output in cell.get("outputs", ()):
                assert output.get("name") != "stderr", output["text"]
        for check, solution in exercises(source):
            assert session.output(f"{solution}\n{check}").startswith("Right."), check


@notebooks
def test_it_runs(source):
    run(source, fast=True)


@pytest.mark.slow
@notebooks
def test_it_runs_in_full(source):
    run(source, fast=False)


@notebooks
def test_the_notebook_is_what_its_source_says(source):
    kept = [("".join(cell["source"]), cell["cell_type"], cell["id"]) for cell in saved(source)["cells"]]
    assert kept == [(cell.source, cell.cell_type, cell.id) for cell in read(source).cells], f"build it: python -m notebooks {source.stem}"


@notebooks
def test_its_outputs_are_fit_to_be_kept(source):
    text = path_of(source).read_text(encoding="utf-8")
    assert len(text.encode()) < 300_000
    counts = [cell["execution_count"] for cell in saved(source)["cells"] if cell["cell_type"] == "code"]
    assert counts == [*range(1, len(counts) + 1)], "it was not run from top to bottom"
    outputs = json.dumps([cell.get("outputs") for cell in saved(source)["cells"]])
    assert not re.search(r"ipykernel_|/(home|tmp|root)/| at 0x[0-9a-f]+|Traceback", outputs)


@notebooks
def test_its_form(source):
    """A question, an experiment that is asserted, an exercise with a solution, links that lead somewhere."""
    cells = read(source).cells
    text = "\n".join(markdown(source))
    number = int(source.stem[:2])
    assert text.startswith(f"# {number} · ")
    assert "**The question.**" in text
    assert "## What to keep" in text
    assert any("assert " in cell.source for cell in cells if cell.cell_type == "code")
    assert all(solution for _, solution in exercises(source))
    assert len(list(exercises(source))) >= 1
    linked = set(re.findall(r"\]\(([^)#:]+)\)", text))
    missing = [target for target in linked if not (path_of(source).parent / target).exists()]
    assert not missing, missing


@notebooks
def test_an_open_exercise_is_told_so(source):
    """As the notebook comes, no exercise is solved and none of them stops the run."""
    told = ["".join(output.get("text", "")) for cell in saved(source)["cells"] for output in cell.get("outputs", ())]
    assert sum(text.startswith("Not yet: ") for text in told) == len(list(exercises(source)))
