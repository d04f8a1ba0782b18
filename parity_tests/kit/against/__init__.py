"""Does someone's test suite notice known mistakes? Each is put in place of their code.

`suite.py` runs their command, `trial.py` mistake by mistake. In the process that the
command starts, `hook.py` waits for the import of their module, and `place.py` lets
their class or function run a mistake: `modules.py`, `functions.py`, `tokenizers.py`.
"""
