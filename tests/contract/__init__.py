"""Every public function, each of its arguments, a zoo of awkward inputs: one contract for all.

An argument in another container gives the same answer or one sentence; what cannot be an
argument gives one sentence; finite input gives a finite answer or one sentence. Never a raw
error, a hang, a crash of the process, or a changed argument.
"""
