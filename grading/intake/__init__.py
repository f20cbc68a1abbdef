"""What was handed in, made safe to read: files and archives, then notebooks with their marks back.

It may import `grading.lab` and `grading.foreign`. From it come `uploads.find_uploads`,
`notebook.fetch` and `restore.restore`; nothing here runs a line of the student's.
"""
