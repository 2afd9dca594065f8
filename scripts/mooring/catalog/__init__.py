"""YAML files become a catalog: loaded with positions, bounded, checked, and honest about their versions."""
