"""Notebooks under the programs of Jupyter: nbclient, nbconvert, papermill, the console.

    auricle kernel install --prefix ENV        # ENV: the Python environment of the next line
    ENV/bin/pip install nbclient nbconvert papermill jupyter_console
    ENV/bin/python tests/jupyter/notebooks.py [FOLDER WITH THE SPOKEN DIGITS]
"""

import base64
import html.parser
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import nbclient
import nbconvert
import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpecManager

import papermill_auricle  # noqa: F401, registers the language

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
DIGITS = pathlib.Path(sys.argv.pop()).resolve() if len(sys.argv) > 1 and os.path.isdir(sys.argv[-1]) else None
PATIENCE_S = 300

PICTURES = [
    "let x = tone(440, 0.2);",
    "x",
    "ab(x, x |> noise(10))",
    "x |> log_mel()",
    "(gain(-6..6) |> fade()).parameters()",
    """let clips = [];
for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: if i % 2 == 0 { "<low>" } else { "high" } }) }
let data = dataset(clips);
data""",
    "data.describe()",
    """let run = simclr(resnet18(#{ width: 4 }), data, #{
    recipe: views(2, noise(5..40) |> log_mel(#{ n_mels: 16 })), epochs: 2, batch: 4, out: (),
});
run.fit()""",
    "run.plot()",
    "run.plot()",
    "evaluate(run, data.split(#{ test: 0.5 }))",
]


def notebook(cells):
    cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    kernel = {"name": "auricle", "display_name": "Auricle", "language": "rhai"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def executed(cells, folder):
    book = notebook(cells)
    nbclient.NotebookClient(
        book, kernel_name="auricle", timeout=PATIENCE_S, resources={"metadata": {"path": folder}}
    ).execute()
    nbformat.validate(book)
    return book


class Tags(html.parser.HTMLParser):
    """Tags of a page with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def sources(self, tag):
        return [attributes.get("src", "") for found, attributes in self.found if found == tag]


class Notebooks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_every_picture_has_a_form_for_every_host(self):
        book = executed(PICTURES, self.folder.name)
        bundles = [cell.outputs[-1].data for cell in book.cells[1:]]
        for bundle in bundles:
            self.assertIn("text/plain", bundle)
            self.assertTrue("text/html" in bundle or "image/png" in bundle, bundle.keys())
            page = Tags(bundle.get("text/html", ""))
            # What a host that does not trust the notebook takes out, or what would need a network.
            alive = "application/vnd.plotly.v1+json" in bundle
            for tag, attributes in page.found:
                self.assertNotIn(tag, [] if alive and tag == "script" else ["script", "iframe", "object", "embed", "svg", "style", "link"])
                self.assertFalse([name for name in attributes if name.startswith("on")])
            for source in page.sources("img") + page.sources("audio"):
                self.assertRegex(source, "^data:(image/png|image/svg.xml|audio/wav);base64,")
        figures = [b["text/html"] for b in bundles if "application/vnd.plotly.v1+json" in b]
        # Both are pictures where scripts are taken out; the first brings the library for all.
        self.assertEqual([len(Tags(figure).sources("img")) for figure in figures], [1, 1])
        self.assertEqual([len(figure) > 1_000_000 for figure in figures], [True, False])
        self.assertLess(len(figures[1]), 20_000)
        # On paper there are pixels: for vectors nbconvert would call another program.
        self.assertFalse([bundle for bundle in bundles if "image/svg+xml" in bundle])
        pixels = [base64.b64decode(bundle["image/png"]) for bundle in bundles if "image/png" in bundle]
        self.assertGreaterEqual(len(pixels), 4)
        self.assertEqual({file[:4] for file in pixels}, {b"\x89PNG"})
        self.assertFalse([source for figure in figures for source in Tags(figure).sources("script") if source])
        self.assertEqual(len(Tags(bundles[1]["text/html"]).sources("audio")), 2)
        self.assertNotIn("<low>", "".join(bundle.get("text/html", "") for bundle in bundles))

    def test_the_page_of_a_notebook_holds_its_pictures_and_players(self):
        book = executed(PICTURES, self.folder.name)
        page, _ = nbconvert.HTMLExporter().from_notebook_node(book)
        tags = Tags(page)
        pictures, players = tags.sources("img"), tags.sources("audio")
        self.assertEqual(len(players), 3)
        # Three outlines, the features, the history's curve, two plots, the confusion matrix.
        self.assertEqual(len(pictures), 8)
        for source in pictures + players:
            kind, data = re.match("data:([a-z/+]+);base64,(.*)", source, re.S).groups()
            first = base64.b64decode(data)[:4]
            want = {"image/png": b"\x89PNG", "image/svg+xml": b"<svg", "audio/wav": b"RIFF"}[kind]
            self.assertEqual(first, want)

    def test_latex_needs_no_other_program(self):
        book = executed(PICTURES, self.folder.name)
        # Whatever converts vectors is not to be found.
        with unittest.mock.patch.dict(os.environ, {"PATH": self.folder.name}):
            tex, resources = nbconvert.LatexExporter().from_notebook_node(book)
        files = resources["outputs"]
        self.assertGreaterEqual(len([name for name in files if name.endswith(".png") and name in tex]), 4)
        self.assertFalse([name for name in files if not name.endswith(".png")])

    def test_the_examples_run(self):
        for name in ["tour", "augmentation"]:
            book = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
            nbclient.NotebookClient(book, timeout=PATIENCE_S, resources={"metadata": {"path": self.folder.name}}).execute()
            self.assertFalse([o for c in book.cells for o in c.get("outputs", []) if o.output_type == "error"])

    @unittest.skipUnless("rust" in KernelSpecManager().find_kernel_specs(), "needs the kernel evcxr_jupyter")
    def test_the_library_runs_in_a_rust_notebook(self):
        book = nbformat.read(EXAMPLES / "rust.ipynb", as_version=4)
        # Its first cell builds the library.
        nbclient.NotebookClient(book, timeout=20 * PATIENCE_S, resources={"metadata": {"path": str(EXAMPLES)}}).execute()
        shown = [o for c in book.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})]
        self.assertGreaterEqual(len(shown), 4)

    @unittest.skipUnless(DIGITS, "needs the spoken digits")
    def test_papermill_sets_parameters(self):
        out = pathlib.Path(self.folder.name) / "out.ipynb"
        parameters = {"dir": str(DIGITS), "epochs": 1}
        papermill.execute_notebook(
            EXAMPLES / "spoken_digits.ipynb", out, parameters, cwd=self.folder.name, progress_bar=False
        )
        book = nbformat.read(out, as_version=4)
        self.assertIn("let epochs = 1;", "".join(cell.source for cell in book.cells))
        self.assertIn("image/svg+xml", book.cells[-2].outputs[-1].data["text/html"])

    def test_papermill_writes_every_kind_of_parameter(self):
        source, out = (pathlib.Path(self.folder.name) / name for name in ("in.ipynb", "out.ipynb"))
        nbformat.write(notebook(["[a, b, c, d, e, f]"]), source)
        parameters = {"a": 1, "b": -2.5, "c": 'x "y" \\ ä', "d": None, "e": [True, "z"], "f": {"k l": 3}}
        papermill.execute_notebook(source, out, parameters, progress_bar=False)
        book = nbformat.read(out, as_version=4)
        self.assertEqual(
            book.cells[-1].outputs[0].data["text/plain"],
            r'[1, -2.5, "x \"y\" \\ ä", (), [true, "z"], #{ "k l": 3 }]',
        )

    def test_the_console_runs_a_session(self):
        command = [sys.executable, "-m", "jupyter_console", "--kernel", "auricle", "--simple-prompt"]
        typed = "let a = 20;\na + 1\nnosie(3)\na * 2\n"
        done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=PATIENCE_S)
        text = re.sub("\x1b\\[[0-9;]*m", "", done.stdout + done.stderr)
        for shown in ["Auricle", "21", "there is no function `nosie`", "did you mean `noise`?", "40"]:
            self.assertIn(shown, text)


if __name__ == "__main__":
    unittest.main()
