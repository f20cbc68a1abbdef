"""The instructor's tool: grade submissions in isolation."""
