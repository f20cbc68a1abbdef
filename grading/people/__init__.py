"""What is kept of a student: handed out, removed, or found to be old.

A command; nothing else imports it.
"""
