/* Chapter 17: a spectrum that can be drawn, the kernel that it gives, and the same kernel from a few
   waves, by chance or on a grid. Below, how many waves both need in d dimensions.

   Data: { "spectrum": 8 heights, "extent": 14, "digits": 3, "seed": 1 }. The spectrum has 8 bins of
   width 1/2; all is computed here, and course_lib gives the same numbers. */
(function () {
  "use strict";

  const { axes, chart, choice, format, handle, html, legend, line, linear, log, normals, reading,
    slider, svg } = window.Explorable;

  const WIDTH = 0.5; // of a bin
  const REACH = 6; // of the curve
  const POINTS = 240;

  /* ---- Arithmetic */

  const shares = (spectrum) => {
    const total = spectrum.reduce((sum, height) => sum + height, 0);
    return spectrum.map((height) => height / total);
  };

  /* The mean cosine of a frequency that is uniform between two ends. */
  const meanCosine = (low, high, t) => (Math.abs(t) < 1e-9 ? 1
    : (Math.sin(high * t) - Math.sin(low * t)) / ((high - low) * t));

  const kernel = (spectrum, t) => shares(spectrum)
    .reduce((sum, share, j) => sum + share * meanCosine(j * WIDTH, (j + 1) * WIDTH, t), 0);

  /* Uniform numbers between 0 and 1, from two normal ones each. */
  function uniforms(seed) {
    const next = normals(seed);
    return () => {
      const [a, b] = [next(), next()];
      return Math.exp(-(a * a + b * b) / 2);
    };
  }

  function chance(spectrum, count, seed) {
    const next = uniforms(seed);
    const bins = shares(spectrum);
    const omega = Array.from({ length: count }, () => {
      let [u, j] = [next(), 0];
      while (j < bins.length - 1 && u > bins[j]) {
        u -= bins[j];
        j += 1;
      }
      return (j + Math.min(1, u / bins[j])) * WIDTH;
    });
    const offsets = Array.from({ length: count }, () => 2 * Math.PI * next());
    return { omega, weight: omega.map(() => 1 / count), offsets };
  }

  /* Cells of one width; each wave in the middle of its cell, weighted by what the cell holds. */
  function grid(spectrum, count) {
    const bins = shares(spectrum);
    const cell = (bins.length * WIDTH) / count;
    const below = (end) => bins.reduce((sum, share, j) => sum
      + share * Math.min(1, Math.max(0, end / WIDTH - j)), 0);
    const omega = Array.from({ length: count }, (_, i) => (i + 0.5) * cell);
    const weight = omega.map((_, i) => below((i + 1) * cell) - below(i * cell));
    return { omega, weight, offsets: null };
  }

  /* The estimate of k(t), for the points t and 0. */
  const estimate = ({ omega, weight }, t) => omega
    .reduce((sum, w, i) => sum + weight[i] * Math.cos(w * t), 0);

  const withOffsets = ({ omega, weight, offsets }, t) => omega
    .reduce((sum, w, i) => sum + 2 * weight[i] * Math.cos(w * t + offsets[i]) * Math.cos(offsets[i]), 0);

  /* Waves of the trapezoid rule for the Gaussian of length one, and of chance, at one error. Each of
     the d factors may have its share of it. */
  function gridWaves(extent, epsilon, d) {
    const c = Math.sqrt(Math.log((4 * d) / epsilon));
    const spacing = (2 * Math.PI) / (extent + c);
    return (2 * Math.ceil((2 * c) / spacing) + 1) ** d / 2;
  }

  const chanceWaves = (epsilon) => 1 / (2 * epsilon * epsilon);

  window.Explorable.kernelWaves = {
    chance, chanceWaves, estimate, grid, gridWaves, kernel, withOffsets,
  };

  /* ---- The figure */

  window.Explorable.register("17-kernel-features", ({ stage, data }) => {
    const spectrum = [...data.spectrum];
    const times = Array.from({ length: POINTS + 1 }, (_, i) => (REACH * i) / POINTS);
    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const way = choice(controls, {
      label: "Waves",
      options: [["pairs", "random, cosine and sine"], ["offset", "random, with an offset"],
        ["grid", "on a grid"]],
      value: "pairs",
    }, show);
    const count = slider(controls, {
      label: "Frequencies F", min: 2, max: 9, value: 4, show: (e) => format(2 ** e),
    }, show);
    const seed = slider(controls, {
      label: "Draw", min: 1, max: 20, value: data.seed, show: (n) => `number ${n}`,
    }, show);

    const low = chart(stage, {
      label: "Spectrum: density by frequency, drag the points",
      height: (width) => Math.round(Math.min(200, Math.max(160, width * 0.25))),
      draw: drawSpectrum,
    });
    const plot = svg("g");
    const handles = spectrum.map((_, j) => handle(low, {
      label: `Density at frequency ${(j + 0.5) * WIDTH}`, min: 0, max: 1,
      drag: (pixel) => move(j, low.toValue(pixel)),
      step: (sign) => move(j, spectrum[j] + 0.1 * sign),
    }));
    low.svg.append(plot, ...handles);
    const curve = chart(stage, {
      label: "Kernel by difference of two points",
      height: (width) => Math.round(Math.min(280, Math.max(220, width * 0.4))),
      draw: drawKernel,
    });
    legend(stage, [
      { name: "kernel of this spectrum", color: "--fig-2", dash: "7 4" },
      { name: "mean of F waves", color: "--fig-1", dash: "none" },
    ]);

    const below = html("div", { className: "explorable-controls" });
    stage.append(below);
    const digits = slider(below, {
      label: "Digits wanted", min: 1, max: 8, value: data.digits, show: (n) => String(n),
    }, show);
    const extent = slider(below, {
      label: "Extent of the data, in lengths h", min: 2, max: 20, value: data.extent,
    }, show);
    const bars = chart(stage, {
      label: "Waves needed by dimension, for the Gaussian kernel",
      height: (width) => Math.round(Math.min(260, Math.max(210, width * 0.36))),
      draw: drawBars,
    });
    legend(stage, [
      { name: "a grid, by the theorem", color: "--fig-1", width: 10 },
      { name: "chance", color: "--fig-2", dash: "7 4" },
    ]);
    const say = reading(stage);

    function move(j, value) {
      spectrum[j] = Math.min(1, Math.max(0, value));
      if (spectrum.every((height) => height < 0.01)) spectrum[j] = 0.05;
      show();
    }

    function show() {
      const F = 2 ** count.value;
      const waves = way.value === "grid" ? grid(spectrum, F) : chance(spectrum, F, seed.value);
      const of = way.value === "offset" ? withOffsets : estimate;
      times.truth = times.map((t) => kernel(spectrum, t));
      times.waves = times.map((t) => of(waves, t));
      low.redraw();
      curve.redraw();
      bars.redraw();
      say(inWords(F));
    }

    function drawSpectrum(self) {
      const inside = self.inside();
      const x = linear([0, spectrum.length * WIDTH], inside.x);
      const y = linear([0, 1], inside.y);
      self.toValue = y.invert;
      const steps = spectrum.flatMap((height, j) => [[x(j * WIDTH), y(height)],
        [x((j + 1) * WIDTH), y(height)]]);
      plot.replaceChildren(axes(self, x, y, "frequency", "density"), line(steps, "--fig-2", "none", 1.6));
      spectrum.forEach((height, j) => handles[j].place(x((j + 0.5) * WIDTH), y(height), height));
    }

    function drawKernel(self) {
      const inside = self.inside();
      const least = Math.min(-0.5, ...times.waves, ...times.truth);
      const most = Math.max(1.1, ...times.waves);
      const x = linear([0, REACH], inside.x);
      const y = linear([least, most], inside.y);
      const path = (values) => times.map((t, i) => [x(t), y(values[i])]);
      self.svg.replaceChildren(
        axes(self, x, y, "difference of two points", "kernel"),
        line(path(times.waves), "--fig-1", "none", 2),
        line(path(times.truth), "--fig-2", "7 4", 1.6),
      );
    }

    function drawBars(self) {
      const epsilon = 10 ** -digits.value;
      const inside = self.inside();
      const needed = Array.from({ length: 8 }, (_, i) => gridWaves(extent.value, epsilon, i + 1));
      const all = [...needed, chanceWaves(epsilon)].map(Math.log10);
      const x = linear([0.4, 8.6], inside.x);
      const y = linear([0, Math.ceil(Math.max(...all))], inside.y);
      const floor = y(0);
      const half = (x(2) - x(1)) * 0.35;
      const labels = axes(self, x, y, "dimensions", "digits of the count");
      const level = y(Math.log10(chanceWaves(epsilon)));
      self.svg.replaceChildren(
        labels,
        ...needed.map((count_, i) => svg("rect", {
          x: x(i + 1) - half, width: 2 * half, y: y(Math.log10(count_)),
          height: Math.max(0, floor - y(Math.log10(count_))), style: "fill: var(--fig-1)",
        })),
        line([[inside.x[0], level], [inside.x[1], level]], "--fig-2", "7 4", 2.4),
      );
    }

    function inWords(F) {
      const gap = Math.max(...times.waves.map((value, i) => Math.abs(value - times.truth[i])));
      const atZero = Math.abs(times.waves[0] - times.truth[0]);
      const epsilon = 10 ** -digits.value;
      let d = 1;
      while (gridWaves(extent.value, epsilon, d) <= chanceWaves(epsilon)) d += 1;
      const name = { pairs: "random waves, cosine and sine", offset: "random waves with an offset",
        grid: "waves on a grid" }[way.value];
      return `${F} ${name}: the kernel is missed by ${format(gap)} at most, by ${format(atZero)} at zero. `
        + `For ${digits.value} digits chance needs ${format(chanceWaves(epsilon))} waves in every `
        + `dimension, a grid by the theorem ${format(gridWaves(extent.value, epsilon, 2))} in the plane; `
        + `chance needs fewer from ${d} dimensions on.`;
    }

    show();
  });
})();
