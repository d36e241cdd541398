"""papermill's parameters in the language of Auricle.

papermill writes a cell of parameters in the language of the notebook's kernel, and has no entry point by which a
language could be added: whoever runs it from Python imports this file first.

    import papermill, papermill_auricle
    papermill.execute_notebook("in.ipynb", "out.ipynb", parameters={"epochs": 3})

`auricle run in.ipynb -o out.ipynb -p epochs=3` does the same without Python.
"""

import json

from papermill.translators import Translator, papermill_translators


class AuricleTranslator(Translator):
    @classmethod
    def translate_none(cls, val):
        return "()"

    @classmethod
    def translate_str(cls, val):
        # JSON's escapes are those of the language, but for the control characters that neither writes by itself.
        return json.dumps(val, ensure_ascii=False)

    @classmethod
    def translate_float(cls, val):
        if val != val or val in (float("inf"), float("-inf")):
            raise ValueError(f"a parameter must be a finite number, not {val}")
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        return "[" + ", ".join(map(cls.translate, val)) + "]"

    @classmethod
    def translate_dict(cls, val):
        pairs = (f"{json.dumps(str(key), ensure_ascii=False)}: {cls.translate(value)}" for key, value in val.items())
        return "#{ " + ", ".join(pairs) + " }"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"let {name} = {str_val};"


papermill_translators.register("rhai", AuricleTranslator)
