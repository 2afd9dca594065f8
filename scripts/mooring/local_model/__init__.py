"""Small language models served on this machine: weights and an engine from two locked packages, no key, no network."""
