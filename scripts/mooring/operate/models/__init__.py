"""Whether the real models of an environment answer, each way in which its agents ask them."""
