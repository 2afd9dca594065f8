"""What one process takes of a limit that several share."""

from pathlib import Path

from mooring.runtime.core.settings import Settings


def test_a_part_of_a_limit_follows_how_many_pods_there_are() -> None:
    peers = [1]
    settings = Settings("blue", Path("/nowhere"), None, peers=lambda: peers[0])
    assert settings.part(9) == 9
    peers[0] = 2
    assert settings.part(9) == 4
    peers[0] = 20
    assert settings.part(9) == 1
    assert settings.share(9) == 9  # of what each pod has for itself
