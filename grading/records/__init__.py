"""What is kept and shown of a grading: gradebook, notebooks, pages, tables, lateness.

It may import `grading.lab`, and knows nothing of how results came about. From it come
`store.Store`, `store.write_whole` and the writers of pages.
"""
