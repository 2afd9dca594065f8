"""What keeps an environment in order once it runs, each part on its own: drift, exports, patrol, its repository."""
