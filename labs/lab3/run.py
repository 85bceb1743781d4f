"""Lab 3 without a browser: runs the cells of lab3.ipynb in a Jupyter kernel and prints what they answer."""

import sys
from pathlib import Path

try:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
except ImportError as error:
    sys.exit("run.py needs %s: pip install nbclient ipykernel" % error.name)

FOLDER = Path(__file__).resolve().parent


def answers(cell):
    """The texts that running the cell brought, in their order; Spark's own messages have been on stderr."""
    for output in cell.outputs:
        if output.output_type == "execute_result":
            yield output["data"]["text/plain"]
        elif output.get("name") == "stdout":
            yield output["text"].rstrip("\n")


def main():
    """Run the notebook from top to bottom, in its own folder. A cell that fails ends it with that cell's error."""
    notebook = nbformat.read(str(FOLDER / "lab3.ipynb"), as_version=4)
    try:
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    except CellExecutionError as error:
        sys.exit("lab3.ipynb: a cell fails:\n%s" % error)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            print("In:  %s" % cell.source.replace("\n", "\n     "))
            for text in answers(cell):
                print("Out: %s" % text)


if __name__ == "__main__":
    main()
