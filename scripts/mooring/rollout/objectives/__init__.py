"""What is promised, measured over a window of counts: pure, so that a bake, a monitor and a command judge alike."""
