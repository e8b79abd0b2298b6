"""A profile for each algorithm, with the keys that the recorded scenarios use. They protect nothing."""

import json
from pathlib import Path

RECORDED = Path(__file__).resolve().parent.parent / "conformance" / "profiles"
ALGORITHMS = ("HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA")


def profile(algorithm):
    """`SIMPLE_JWT` for this algorithm, with rotation."""
    recorded = json.loads((RECORDED / f"{algorithm.lower()}.json").read_text(encoding="utf-8"))
    return {**recorded["simple_jwt"], "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
