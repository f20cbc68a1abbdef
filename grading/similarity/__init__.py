"""Which answers of a class resemble each other more than chance and the lab explain.

Read in this order: ``fingerprints`` (code without its names and layout), ``pairs`` (what is left
when the lab and the class's common ways are taken away), ``report`` (the pages).
"""
