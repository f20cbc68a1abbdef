"""Commands behind the Makefile: set up, build, generate, serve, scaffold."""
