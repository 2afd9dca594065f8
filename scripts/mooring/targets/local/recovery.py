"""Finishes or undoes a rollout whose process is gone, and takes back what hotfixes left behind when their time is over.

The supervisor runs it; it ends when no transition is open.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from mooring.errors import Stopped
from mooring.rollout.driver import recover
from mooring.rollout.hotfix import expire
from mooring.rollout.ledger import Ledger
from mooring.runtime.core.logs import configure
from mooring.targets.local.target import Local


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="mooring.targets.local.recovery")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--environment", required=True)
    options = parser.parse_args(argv)
    configure(sys.stderr)
    log = logging.getLogger("mooring.supervisor")
    log.setLevel(logging.INFO)
    target = Local(options.root, options.environment, options.state)
    try:
        ledger = Ledger(options.state / "ledger.db")
        recover(target, ledger, "supervisor", log.info)
        expire(target, ledger, "supervisor", log.info)
        state = ledger.state(options.environment)
    except Stopped as stopped:
        log.error("cannot recover: %s", stopped)
        return 1
    log.info("recovered: %s is live", state.live)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
