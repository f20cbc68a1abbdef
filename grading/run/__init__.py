"""From a pile of submissions to results: what to grade, in which process, on which machine.

It may import `intake`, `isolation`, `records` and `grading.lab`. From it come
`class_run.ClassRun`, `workers.examine_all`, `warmup.warm_up` and `digest.code_digest`.
"""
