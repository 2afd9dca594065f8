"""The degradation ladder: models from L0 to L2, prepared answers at L3, a friendly error at L4."""
