"""The kernel in JupyterLab, in a browser: what is seen, and that nothing is fetched from elsewhere.

    auricle kernel install --prefix ENV        # ENV: the Python environment of the next line
    ENV/bin/pip install jupyterlab playwright
    ENV/bin/python tests/browser/lab.py PROGRAM [FOLDER FOR SCREENSHOTS]

PROGRAM is `auricle`; the browser is the first Chromium on the path.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import playwright.sync_api

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SHOTS = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
PATIENCE_S = 60

CELLS = [
    "let x = chirp(300, 1800, 0.6);\nx",
    "(gain(-12..-6) |> noise(10..20, #{ color: \"pink\" })).ab(x, #{ item: 3 })",
    "x |> log_mel()",
    """let clips = [];
for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: if i % 2 == 0 { "low" } else { "high" } }) }
let data = dataset(clips);
data""",
    """let run = simclr(resnet18(#{ width: 4 }), data, #{
    recipe: views(2, noise(5..40) |> log_mel(#{ n_mels: 16 })), epochs: 8, batch: 4, out: (),
});
run.fit()""",
    "run.plot()",
    "show(run.plot())",
    "evaluate(run, data.split(#{ test: 0.5 }))",
    "noise(5..40).parameters()",
    "print(\"the end is reached\")",
]
# Pictures: outline, two outlines, features, history, two plots, confusion matrix. Players: one, two.
PICTURES, PLAYERS = 8, 3
# Plots are pictures until the library that one of them brings has drawn them.
PLOTS = 2


# A map whose points play their clips.
MAP = [
    """let clips = [];
for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.4), label: if i % 2 == 0 { "low" } else { "high" } }) }
let e = resnet18(#{ width: 4 }).embed(dataset(clips));""",
    "show(project(e, #{ method: \"pca\" }))",
    "print(\"the end is reached\")",
]


def notebook(sources):
    def cell(index, source):
        return {
            "cell_type": "code", "id": f"c{index}", "metadata": {}, "source": source, "outputs": [],
            "execution_count": None,
        }

    kernel = {"name": "auricle", "display_name": "Auricle", "language": "rhai"}
    cells = [cell(*item) for item in enumerate(sources)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Lab(unittest.TestCase):
    """One server and one browser for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        (cls.folder / "run.ipynb").write_text(json.dumps(notebook(CELLS)))
        (cls.folder / "map.ipynb").write_text(json.dumps(notebook(MAP)))
        # A notebook that somebody else has run: its outputs are not signed here, and so not trusted.
        subprocess.run(
            [PROGRAM, "run", cls.folder / "run.ipynb", "-o", cls.folder / "received.ipynb", "--quiet"], check=True
        )
        cls.port = free_port()
        options = {"IdentityProvider.token": "", "ServerApp.password": "", "ServerApp.root_dir": str(cls.folder)}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={cls.port}"]
        command += [f"--{name}={value}" for name, value in options.items()]
        state = {name: str(cls.folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
        cls.log = open(cls.folder / "server.log", "w")
        cls.server = subprocess.Popen(command, env={**os.environ, **state}, stdout=cls.log, stderr=cls.log)
        cls.wait_for_server()
        cls.playwright = playwright.sync_api.sync_playwright().start()
        browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        cls.browser = cls.playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])

    @classmethod
    def wait_for_server(cls):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/api", timeout=1)
            except OSError:
                time.sleep(0.2)
        raise RuntimeError((cls.folder / "server.log").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.playwright.stop()
        cls.server.terminate()
        cls.server.wait(30)
        cls.log.close()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def open(self, name):
        # A page as tall as the notebook, so that every cell is rendered and the picture shows all.
        page = self.browser.new_page(viewport={"width": 1200, "height": 5200})
        self.addCleanup(page.close)
        self.asked = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=1000 * PATIENCE_S)
        return page

    def shot(self, page, name):
        if SHOTS:
            SHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SHOTS / f"{name}.png")

    def check(self, page, name, live):
        """Pictures, plots and players are all there, and loaded; nothing was asked of other hosts."""
        plots = PLOTS if live else 0
        pictures = PICTURES - plots
        # Cells are rendered when the page has time for them, and files are decoded later still.
        loaded = """([pictures, players, plots]) => {
            const all = (tag) => [...document.querySelectorAll(`.jp-OutputArea-output ${tag}`)];
            const [images, sounds] = [all("img"), all("audio")];
            return images.length == pictures && all(".js-plotly-plot .lines path").length >= plots
                && images.every((image) => image.naturalWidth > 0)
                && sounds.length >= players && sounds.every((sound) => sound.duration > 0);
        }"""
        try:
            page.wait_for_function(loaded, arg=[pictures, PLAYERS, plots], timeout=1000 * PATIENCE_S)
        except playwright.sync_api.TimeoutError:
            pass  # What is missing is said below.
        self.shot(page, name)
        seen = page.evaluate(
            """() => {
                const all = (tag) => [...document.querySelectorAll(`.jp-OutputArea-output ${tag}`)];
                return {
                    pictures: all("img").map((image) => [image.naturalWidth, image.clientWidth]),
                    players: all("audio").map((audio) => audio.duration),
                    plots: all(".js-plotly-plot").map((plot) => [
                        plot.querySelectorAll(".lines path").length, plot.clientWidth, plot.clientHeight,
                    ]),
                    scripts: all("script").length,
                    libraries: all("script").filter((script) => script.textContent.length > 100000).length,
                };
            }"""
        )
        self.assertEqual(len(seen["pictures"]), pictures, seen)
        self.assertEqual(len(seen["plots"]), plots, seen)
        self.assertTrue(all(curves == 1 and width > 400 and height > 200 for curves, width, height in seen["plots"]), seen)
        self.assertTrue(all(natural > 0 and shown > 0 for natural, shown in seen["pictures"]), seen)
        self.assertEqual(len(seen["players"]), PLAYERS, seen)
        for seconds in seen["players"]:
            self.assertAlmostEqual(seconds, 0.6, places=2)
        self.assertEqual((seen["scripts"], seen["libraries"]), (3, 1) if live else (0, 0), seen)
        hosts = {urllib.parse.urlsplit(url).hostname for url in self.asked if re.match("https?:|wss?:", url)}
        self.assertEqual(hosts, {"127.0.0.1"})

    def run_all(self, name):
        page = self.open(name)
        page.wait_for_selector('.jp-Toolbar-kernelName:has-text("Auricle")', timeout=1000 * PATIENCE_S)
        page.click('.lm-MenuBar-itemLabel:text-is("Run")')
        page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
        page.wait_for_selector('.jp-OutputArea-output:has-text("the end is reached")', timeout=1000 * PATIENCE_S)
        return page

    def test_a_notebook_that_is_run(self):
        self.check(self.run_all("run.ipynb"), "run", live=True)

    def test_a_point_of_a_map_plays_its_clip(self):
        page = self.run_all("map.ipynb")
        page.wait_for_selector(".js-plotly-plot .scatterlayer .point", state="attached", timeout=1000 * PATIENCE_S)
        box = page.locator(".js-plotly-plot .scatterlayer .point").first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.wait_for_selector(".js-plotly-plot .hoverlayer .hovertext", timeout=1000 * PATIENCE_S)
        page.mouse.click(x, y)
        playing = "[...document.querySelectorAll('.jp-OutputArea-output audio')].some((sound) => sound.duration > 0)"
        page.wait_for_function(playing, timeout=1000 * PATIENCE_S)
        self.shot(page, "map")
        sounds = page.evaluate("[...document.querySelectorAll('.jp-OutputArea-output audio')].map((sound) => sound.duration)")
        self.assertEqual(len(sounds), 1)
        self.assertAlmostEqual(sounds[0], 0.4, places=2)

    def test_a_notebook_that_is_not_trusted_and_not_run(self):
        page = self.open("received.ipynb")
        page.wait_for_selector(".jp-OutputArea-output img", timeout=1000 * PATIENCE_S)
        self.check(page, "received", live=False)

    def test_the_page_of_a_notebook(self):
        convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level", "ERROR", "received.ipynb"]
        subprocess.run(convert, cwd=self.folder, check=True)
        page = self.browser.new_page(viewport={"width": 1200, "height": 5200})
        self.addCleanup(page.close)
        # The page's frame asks for fonts and formulas; the figures must come without.
        page.route(re.compile("https?:"), lambda route: route.abort())
        page.goto((self.folder / "received.html").as_uri(), wait_until="domcontentloaded")
        drawn = "(plots) => document.querySelectorAll('.js-plotly-plot .lines path').length == plots"
        page.wait_for_function(drawn, arg=PLOTS, timeout=1000 * PATIENCE_S)
        self.shot(page, "page")
        self.assertEqual(page.locator("img").count(), PICTURES - PLOTS)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
