"""What chapter 09 says beyond its own run, tested: ``python -m benchmarks.causes_sparse_coding``.

Does the opening claim hold for other noise and other pictures? What does K-SVD reach, run as its
authors run it? And BM3D, a denoiser of the field (``pip install bm3d``, free for research; without
it the run leaves it out)? How long does one step of FISTA take on all rows? Takes about two
minutes; writes ``results/sparse_coding_causes.json``. Seconds are processor seconds of one thread.
"""

import datetime
import importlib
import importlib.util
import itertools
import json
import time

import numpy as np
import threadpoolctl

from benchmarks import harness
from course_lib import datasets
from course_lib.sparse_coding import (
    LogisticLoss,
    OnlineDictionary,
    denoise,
    extract_patches,
    fista,
    ksvd,
    psnr,
)

SIZE, GAIN = 256, 1.15  # the side of a picture; what `denoise` allows beyond the noise
KSVD_STEPS = 15


def centered(picture):
    """The 8 x 8 patches of a picture, one a row, each less its mean."""
    patches = extract_patches(picture)
    return patches - patches.mean(axis=1, keepdims=True)


def cosines():
    """The overcomplete discrete cosine dictionary of 255 atoms."""
    waves = np.cos(np.pi * np.outer(np.arange(16), np.arange(8) + 0.5) / 16)
    waves[1:] -= waves[1:].mean(axis=1, keepdims=True)
    atoms = np.einsum("ai,bj->abij", waves, waves).reshape(256, 64)[1:]
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


def pictures():
    """The middle of each photograph, and the part that the chapter opens with."""
    for name, picture in datasets.photographs().items():
        top, left = ((side - SIZE) // 2 for side in picture.shape)
        if name == "camera":
            top, left = 30, 110
        yield name, picture[top : top + SIZE, left : left + SIZE].astype(float)


def restored(clean, sigma, seed, batch=False):
    """Decibels by each way to a dictionary, and the seconds of learning."""
    noisy = clean + np.random.default_rng(seed).normal(0, sigma, clean.shape)
    own = centered(noisy)
    start = time.thread_time()
    learner = OnlineDictionary(256, alpha=2.4 * sigma, random_state=seed).fit(own)
    seconds = {"one pass": time.thread_time() - start}
    atoms = learner.components_ / np.linalg.norm(learner.components_, axis=1, keepdims=True)
    ways = {"cosines": cosines(), "one pass": atoms}
    if batch:
        first = own[np.random.default_rng(2).permutation(len(own))[:256]]
        start = time.thread_time()
        steps = ksvd(own, first, tol=GAIN * sigma * 8)
        *_, ways["K-SVD"] = (s.x for s in itertools.islice(steps, KSVD_STEPS + 1))
        seconds["K-SVD"] = time.thread_time() - start
    decibels = {name: psnr(denoise(noisy, D, sigma=sigma), clean) for name, D in ways.items()}
    if batch and importlib.util.find_spec("bm3d"):
        decibels["BM3D"] = psnr(importlib.import_module("bm3d").bm3d(noisy, sigma), clean)
    return {"noisy": psnr(noisy, clean), **decibels, "seconds": seconds}


def step_seconds(steps=40):
    """Seconds of one step of FISTA on all rows of a9a."""
    rows = datasets.a9a()[0]
    iterates = fista(LogisticLoss(rows.X, rows.y), 1e-3)
    next(iterates)
    times = []
    for _ in range(steps):
        start = time.thread_time()
        next(iterates)
        times.append(time.thread_time() - start)
    return {"rows": rows.X.shape[0], "seconds": float(np.median(times))}


def main():
    """Run the experiments, print them and write ``results/sparse_coding_causes.json``."""
    with threadpoolctl.threadpool_limits(1):
        named = dict(pictures())
        camera = named["camera"]
        report = {
            "name": "sparse_coding_causes",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": harness.machine(),
            "ksvd_steps": KSVD_STEPS,
            "seeds": [restored(camera, 25, seed, batch=True) for seed in range(3)],
            "noise": {sigma: restored(camera, sigma, 0) for sigma in (15, 40)},
            "pictures": {name: restored(clean, 25, 0) for name, clean in named.items()},
            "fista_step": step_seconds(),
        }
    print(json.dumps(report, indent=1))
    path = harness.RESULTS / "sparse_coding_causes.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
