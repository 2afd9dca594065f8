"""The pod as it is, with a light app: PROGRAM [ARGUMENT...], as a container's command is after `python -m`."""

import sys

from mooring.runtime.process import slot
from mooring.targets.kubernetes import pod
from tests.targets.local.light_slot import build

if __name__ == "__main__":
    vars(slot)["preload"] = lambda: None  # it would import what this slot is light without
    sys.exit(pod.main(sys.argv[2:], build))
