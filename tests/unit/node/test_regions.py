from pathlib import Path

import pytest

from ledger.node.running import load_settings

FOLDER = Path(__file__).parents[3] / "hardhat-free-local" / "regions"
REGIONS = ("beijing", "tianjin", "hebei")


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_s_file_loads_and_keeps_lock_and_data_apart(region):
    settings = load_settings(FOLDER / f"{region}.toml")
    assert settings.region == region
    assert not settings.lock_dir.is_relative_to(settings.data_dir)
    assert not any(
        path.is_absolute()
        for path in (settings.network_file, settings.data_dir, settings.lock_dir, settings.keys_dir)
    )


def test_regions_share_a_machine():
    loaded = [load_settings(FOLDER / f"{region}.toml") for region in REGIONS]
    for name in ("listen_port", "data_dir", "lock_dir", "keys_dir"):
        assert len({getattr(one, name) for one in loaded}) == len(REGIONS)
    assert len({one.network_file for one in loaded}) == 1
