"""Processes that are forked from one with everything imported: they start at once."""

import multiprocessing

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["large_history", "online_values"])
