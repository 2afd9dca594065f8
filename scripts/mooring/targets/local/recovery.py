"""Acts for the supervisor where the code of rollouts is needed, in a process of its own.

Finishes or undoes a rollout whose process is gone, and takes back hotfixes whose time is over; with `--follow`, makes
live what another machine made live; with `--fetch`, makes the files of releases that the database has.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mooring.errors import MooringError
from mooring.rollout.driver import recover
from mooring.rollout.follow import elsewhere, follow
from mooring.rollout.hotfix import expire
from mooring.rollout.ledger import Ledger
from mooring.runtime.core.logs import configure
from mooring.targets.local.housekeeping import ELSEWHERE
from mooring.targets.local.target import Local

log = logging.getLogger("mooring.supervisor")


def main(argv: Sequence[str]) -> int:
    """Does one of the three. The reason why it could not is the only line on standard output."""
    parser = argparse.ArgumentParser(prog="mooring.targets.local.recovery")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--fetch", nargs="+", metavar="DIGEST", default=())
    options = parser.parse_args(argv)
    configure(sys.stderr)
    log.setLevel(logging.INFO)
    try:
        return _act(options)
    except MooringError as error:
        log.error("%s", error)
        print(error)
        return 1


def _act(options: argparse.Namespace) -> int:
    target = Local(options.root, options.environment, options.state)
    if options.fetch:
        for digest in options.fetch:
            target.releases.fetch(digest)
        return 0
    ledger = Ledger.of(options.root, options.environment, options.state, os.environ)
    if options.follow and elsewhere(target, ledger):
        log.info("it was made for a cluster: the environment moved, and what is live here serves whoever still comes")
        return ELSEWHERE
    if options.follow:
        log.info("followed: %s is live", follow(target, ledger, log.info))
    else:
        recover(target, ledger, "supervisor", log.info)
        expire(target, ledger, "supervisor", log.info)
        log.info("recovered: %s is live", ledger.state(options.environment).live)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
