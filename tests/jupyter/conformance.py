"""The kernel under Jupyter's own clients: jupyter_kernel_test, and what a front end meets besides.

    auricle kernel install --prefix ENV        # ENV: the Python environment of the next line
    ENV/bin/pip install jupyter_kernel_test jupyter_client nbclient nbformat
    ENV/bin/python tests/jupyter/conformance.py
"""

import glob
import os
import tempfile
import time
import unittest
from queue import Empty

import jupyter_kernel_test
import nbclient
import nbformat
from jupyter_client.manager import KernelManager, start_new_kernel

PATIENCE_S = 30

# Kernels keep what was run in the user's data folder, which is not the tests' business.
DATA = tempfile.TemporaryDirectory()
os.environ["XDG_DATA_HOME"] = DATA.name


class Conformance(jupyter_kernel_test.KernelTests):
    kernel_name = "auricle"
    language_name = "rhai"
    file_extension = ".rhai"
    code_hello_world = 'print("hello, world")'
    code_stderr = 'eprint("a remark")'
    code_page_something = "noise?"
    code_generate_error = "nosie(3)"
    code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": "1 + 2", "result": "3"}]
    code_display_data = [
        {"code": "show(tone(440, 0.1))", "mime": "text/html"},
        {"code": "show(tone(440, 0.1) |> log_mel())", "mime": "image/png"},
    ]
    code_clear_output = "clear_output()"
    code_inspect_sample = "noise"
    code_history_pattern = "6 ?*"
    supported_history_operations = ("tail", "range", "search")
    complete_code_samples = ["1", "print(1)", "fn f(x) { x }"]
    incomplete_code_samples = ["fn f(x) {", "let x = [1,", "fade() |>"]
    invalid_code_samples = ["let x = )", "x y z"]
    completion_samples = [
        {"text": "time_m", "matches": {"time_mask"}},
        {"text": "clar::fade_", "matches": {"clar::fade_mask"}},
        {"text": "noise(5, #{ co", "matches": {"color: "}},
        {"text": 'noise(5, #{ color: "pi', "matches": {"pink"}},
        {"text": '"abc".to_up', "matches": {"to_upper"}},
        {"text": "tone(440, 1).resa", "matches": {"resample"}},
        {"text": "let clapping = 1; clapp", "matches": {"clapping"}},
        {"text": "pri", "matches": {"print"}},
        {"text": "%wh", "matches": {"%who"}},
    ]


class Session(unittest.TestCase):
    """One kernel, one client, as a notebook has them."""

    def setUp(self):
        self.manager, self.client = start_new_kernel(kernel_name="auricle")

    def tearDown(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run_cell(self, code, **options):
        messages = []
        reply = self.client.execute_interactive(
            code, timeout=PATIENCE_S, output_hook=messages.append, **options
        )
        return reply["content"], [(m["header"]["msg_type"], m["content"]) for m in messages]

    def test_no_line_of_many_is_lost(self):
        n = 100_000
        _, messages = self.run_cell(f"for i in 0..{n} {{ print(i) }}")
        text = "".join(c["text"] for kind, c in messages if kind == "stream")
        self.assertEqual(text, "".join(f"{i}\n" for i in range(n)))

    def test_an_interrupt_stops_the_cell_and_keeps_the_variables(self):
        self.run_cell("let kept = 5;")
        self.client.execute("loop { kept += 1; }")
        time.sleep(0.3)
        start = time.perf_counter()
        self.manager.interrupt_kernel()
        reply = self.client.get_shell_msg(timeout=PATIENCE_S)
        self.assertEqual(reply["content"]["ename"], "Interrupted")
        self.assertLess(time.perf_counter() - start, 2)
        reply, messages = self.run_cell("kept > 5")
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(dict(messages)["execute_result"]["data"]["text/plain"], "true")

    def test_a_question_in_a_comment_asks_nothing(self):
        _, messages = self.run_cell("let x = 41;\nx + 1 // is it 42?")
        self.assertEqual(dict(messages)["execute_result"]["data"]["text/plain"], "42")
        reply, _ = self.run_cell("let y = 1;\nnoise?")
        self.assertIn("noise(", reply["payload"][0]["data"]["text/plain"])

    def test_cells_behind_an_error_are_given_up_and_have_no_number(self):
        sent = [self.client.execute(code) for code in ["1", "nope()", "2", "3"]]
        replies = {}
        while len(replies) < len(sent):
            reply = self.client.get_shell_msg(timeout=PATIENCE_S)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]
        contents = [replies[message] for message in sent]
        self.assertEqual([c["status"] for c in contents], ["ok", "error", "aborted", "aborted"])
        self.assertEqual([c.get("execution_count") for c in contents], [1, 2, None, None])
        reply, messages = self.run_cell("4")
        self.assertEqual(dict(messages)["execute_result"]["execution_count"], 3)

    def test_a_variable_is_inspected_with_its_value(self):
        self.run_cell("let w = tone(440, 0.1);")
        reply = self.client.inspect("w", reply=True, timeout=PATIENCE_S)["content"]
        self.assertTrue(reply["found"])
        self.assertIn("w: wave\n    wave 0.100 s", reply["data"]["text/plain"])

    def test_a_recursion_without_end_is_an_error(self):
        reply, _ = self.run_cell("fn f(x) { f(x + 1) } f(0)")
        self.assertEqual(reply["status"], "error")
        self.assertEqual(self.run_cell("1 + 1")[0]["status"], "ok")

    def test_questions_are_asked(self):
        def answer(message):
            self.client.input("Ada")

        reply, messages = self.run_cell('input("name? ")', allow_stdin=True, stdin_hook=answer)
        self.assertEqual(reply["status"], "ok")
        self.assertIn("Ada", dict(messages)["execute_result"]["data"]["text/plain"])

    def test_a_restart_forgets(self):
        self.run_cell("let x = 1;")
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=PATIENCE_S)
        self.assertEqual(self.run_cell("x")[0]["status"], "error")

    def test_what_was_run_before_a_restart_is_found(self):
        self.run_cell("let before = 1;")
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=PATIENCE_S)
        self.run_cell("let after = 2;")
        reply = self.client.history(hist_access_type="tail", n=2, reply=True, timeout=PATIENCE_S)
        self.assertEqual([text for _, _, text in reply["content"]["history"]], ["let before = 1;", "let after = 2;"])
        reply = self.client.history(hist_access_type="range", session=-1, reply=True, timeout=PATIENCE_S)
        self.assertEqual([text for _, _, text in reply["content"]["history"]], ["let before = 1;"])

    def test_what_no_machine_holds_is_an_error(self):
        self.run_cell("let kept = 1;")
        for code in [
            "[].pad(10000000000, 0)",
            "blob(10000000000)",
            "let s = \"\"; s.pad(10000000000, 'x')",
            "silence(1e9)",
            "white_noise(1e9)",
            "let a = []; loop { a.push(0) }",
        ]:
            reply, _ = self.run_cell(code)
            self.assertEqual(reply["status"], "error")
            self.assertRegex(reply["evalue"], "may have [0-9]+|would take .* can be had|stopped before the memory")
            self.run_cell("let a = (); let s = ();")
        self.assertEqual(self.run_cell("kept")[0]["status"], "ok")

    def test_completion_is_answered_while_a_cell_runs(self):
        self.client.execute("sleep(1.5)")
        time.sleep(0.2)
        self.client.complete("time_m")
        start = time.perf_counter()
        reply = self.client.get_shell_msg(timeout=PATIENCE_S)
        self.assertEqual(reply["content"]["matches"], ["time_mask"])
        self.assertLess(time.perf_counter() - start, 1)
        self.client.get_shell_msg(timeout=PATIENCE_S)

    def test_nothing_is_left_over(self):
        self.run_cell("1")
        with self.assertRaises(Empty):
            self.client.get_shell_msg(timeout=0.2)


class Files(unittest.TestCase):
    """A kernel that is reached through files, and is killed."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.at = os.path.join(folder.name, "k")
        self.manager = KernelManager(kernel_name="auricle", transport="ipc", ip=self.at)
        self.manager.start_kernel()
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE_S)

    def sockets(self):
        return sorted(glob.glob(f"{self.at}-*"))

    def kill(self):
        self.manager.provisioner.process.kill()
        self.manager.provisioner.process.wait()

    def answers_and_ends(self):
        self.client.wait_for_ready(timeout=PATIENCE_S)
        time.sleep(0.3)
        reply = self.client.execute("1 + 1", reply=True, timeout=PATIENCE_S)
        self.assertEqual(reply["content"]["status"], "ok")
        self.client.shutdown(reply=True, timeout=PATIENCE_S)
        self.manager.provisioner.process.wait(PATIENCE_S)
        self.client.stop_channels()

    def test_sockets_that_a_killed_kernel_left_are_taken_over(self):
        left = self.sockets()
        self.assertEqual(len(left), 5)
        self.kill()
        self.assertEqual(self.sockets(), left)
        self.manager.restart_kernel()
        self.answers_and_ends()
        self.assertEqual(self.sockets(), [])

    def test_a_request_to_a_kernel_that_died_does_not_end_the_next(self):
        self.kill()
        # As restart_kernel() asks the dead one, but nothing is given up before the next is there.
        control = self.manager._create_connected_socket("control")
        self.addCleanup(control.close)
        for request in ("interrupt_request", "shutdown_request"):
            self.manager.session.send(control, self.manager.session.msg(request, content={"restart": True}))
        self.manager.restart_kernel(now=True)
        self.answers_and_ends()


class Notebook(unittest.TestCase):
    def test_a_notebook_runs_under_nbclient(self):
        cells = ["let x = tone(440, 0.2);", "x |> noise(10)", "for i in 0..3 { progress(i + 1, 3) }", "x |> log_mel()"]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbclient.NotebookClient(notebook, kernel_name="auricle", timeout=PATIENCE_S).execute()
        self.assertIn("text/html", notebook.cells[1].outputs[0].data)
        self.assertEqual(notebook.cells[2].outputs[0].output_type, "display_data")
        self.assertIn("image/png", notebook.cells[3].outputs[0].data)
        nbformat.validate(notebook)


if __name__ == "__main__":
    unittest.main()
