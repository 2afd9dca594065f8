"""Imported last by the process that workers are forked from: what is loaded by then is never collected.

A collection would write to every object, and so copy every page that forked workers share.
"""

import gc

gc.collect()
gc.freeze()
