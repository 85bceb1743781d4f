"""What people read of a run, or of several: a page, a matrix, Markdown, a text on the terminal; and the handout.

It runs outside the process with Spark, or after the run, and so may need a newer Python than the rest of labproof.
"""

import sys

if sys.version_info < (3, 10):
    raise ImportError("the report needs Python 3.10 or later, which need not be the one of the run")
