/* Chapter 06: drag a spectrum, change k, p and q, see the error of the range finder and the
   bound of Halko, Martinsson and Tropp move.

   The error law depends on the singular values alone: with A = U S V', the matrix V'Omega is
   Gaussian again, and U turns nothing but the answer. So the algorithm runs on diag(s).

   Data: { "spectra": [{ "name": "MNIST", "values": [...] }, ...] }, largest value first, each of
   more values than the k and p of the sliders add up to. */
(function () {
  "use strict";

  const { axes, chart, choice, format, handle, html, legend, line, log, normals, reading, slider,
    svg } = window.Explorable;

  const N = 100; // singular values of the spectra that are not data
  const DRAWS = 8;
  const FLOOR = 1e-6; // smallest value that can be dragged to
  const STEP_AT = 20; // the made-up step falls after this many values
  const KNOTS = [1, 2, 4, 8, 15, 28, 53, 100]; // where a spectrum can be taken hold of

  const MOST = { rank: 40, extra: 40 };
  const SHADE = { rank: 0.2, extra: 0.1 };
  const NAMES = { polynomial: "polynomial decay", step: `a step after ${STEP_AT}` };

  /* ---- Arithmetic */

  /* Theorem 10.6 (q = 0) and Corollary 10.10 (q > 0) of Halko, Martinsson, Tropp 2011: a bound on
     the mean of the spectral norm of A - QQ'A. Dividing by s_{k+1} keeps the powers in range. */
  function bound(s, k, p, q) {
    const power = 2 * q + 1;
    const next = s[k];
    if (next === 0) return 0;
    let tail = 0;
    for (let j = k; j < s.length; j += 1) tail += (s[j] / next) ** (2 * power);
    const inner = 1 + Math.sqrt(k / (p - 1)) + (Math.E * Math.sqrt(k + p) / p) * Math.sqrt(tail);
    return next * inner ** (1 / power);
  }

  function dot(x, y) {
    let sum = 0;
    for (let i = 0; i < x.length; i += 1) sum += x[i] * y[i];
    return sum;
  }

  function subtract(y, factor, x) {
    for (let i = 0; i < y.length; i += 1) y[i] -= factor * x[i];
  }

  function scale(x, factor) {
    for (let i = 0; i < x.length; i += 1) x[i] *= factor;
  }

  /* Make the columns orthonormal in place, each twice against its predecessors; a column that
     vanishes was dependent and is left out. */
  function orthonormalize(columns) {
    const basis = [];
    for (const column of columns) {
      const before = Math.sqrt(dot(column, column));
      for (let round = 0; round < 2; round += 1) {
        for (const q of basis) subtract(column, dot(q, column), q);
      }
      const after = Math.sqrt(dot(column, column));
      if (after > 1e-14 * before) {
        scale(column, 1 / after);
        basis.push(column);
      }
    }
    return basis;
  }

  const timesDiagonal = (s, columns) => columns.map((column) => column.map((value, i) => s[i] * value));

  /* Algorithm 4.4 on diag(s): q steps of subspace iteration, orthonormal after each product. */
  function rangeFinder(s, size, q, next) {
    const omega = Array.from({ length: size }, () => Float64Array.from(s, () => next()));
    let Q = orthonormalize(timesDiagonal(s, omega));
    for (let step = 0; step < 2 * q; step += 1) Q = orthonormalize(timesDiagonal(s, Q));
    return Q;
  }

  /* The largest eigenvalue of a symmetric tridiagonal matrix, by bisection on Sturm counts. */
  function largestEigenvalue(alpha, beta) {
    let low = Math.max(...alpha);
    let high = Math.max(...alpha.map((a, i) => a + (beta[i - 1] || 0) + (beta[i] || 0)));
    while (high - low > 1e-14 * high) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      let pivot = 1;
      let above = false;
      for (let i = 0; i < alpha.length && !above; i += 1) {
        pivot = alpha[i] - middle - (i ? (beta[i - 1] * beta[i - 1]) / pivot : 0);
        above = pivot >= 0;
      }
      if (above) low = middle;
      else high = middle;
    }
    return high;
  }

  /* The spectral norm of (I - QQ')diag(s): Lanczos on its Gram matrix, fully orthogonalized. */
  function residualNorm(s, Q, next) {
    const residual = (x) => {
      const y = x.map((value, i) => s[i] * value);
      for (const q of Q) subtract(y, dot(q, y), q);
      return y.map((value, i) => s[i] * value);
    };
    const basis = orthonormalize([Float64Array.from(s, () => next())]);
    const alpha = [];
    const beta = [];
    let largest = 0;
    while (alpha.length < Math.min(s.length, 80)) {
      const last = basis[basis.length - 1];
      const w = residual(last);
      alpha.push(dot(last, w));
      for (let round = 0; round < 2; round += 1) {
        for (const v of basis) subtract(w, dot(v, w), v);
      }
      const before = largest;
      largest = largestEigenvalue(alpha, beta);
      const length = Math.sqrt(dot(w, w));
      const settled = alpha.length > 8 && largest - before <= 1e-10 * largest;
      if (settled || length <= 1e-14 * largest || largest === 0) break;
      beta.push(length);
      scale(w, 1 / length);
      basis.push(w);
    }
    return Math.sqrt(Math.max(0, largest));
  }

  /* The error of one run, from a seed. */
  function errorOfRun(s, k, p, q, seed) {
    const next = normals(seed);
    const Q = rangeFinder(s, Math.min(k + p, s.length), q, next);
    return residualNorm(s, Q, next);
  }

  const polynomial = (exponent) => Float64Array.from({ length: N }, (_, i) => (i + 1) ** -exponent);
  const stepDown = (decades) =>
    Float64Array.from({ length: N }, (_, i) => (i < STEP_AT ? 1 : 10 ** -decades));

  /* Straight lines, on double logarithmic paper, between the values at the knots. */
  function throughKnots(values) {
    return Float64Array.from({ length: N }, (_, i) => {
      const right = Math.max(1, KNOTS.findIndex((knot) => knot >= i + 1));
      const [a, b] = [KNOTS[right - 1], KNOTS[right]];
      const t = Math.log((i + 1) / a) / Math.log(b / a);
      return values[right - 1] ** (1 - t) * values[right] ** t;
    });
  }

  const relative = (values) => Float64Array.from(values, (value) => value / values[0]);

  window.Explorable.lowRank = { bound, errorOfRun, normals, polynomial, rangeFinder, residualNorm };

  /* ---- The figure */

  window.Explorable.register("06-low-rank", ({ stage, data }) => {
    const real = data.spectra.map(({ name, values }) => ({ name, s: relative(values) }));
    const short = real.find(({ s }) => s.length <= MOST.rank + MOST.extra);
    if (short) throw new Error(`${short.name} has only ${short.s.length} singular values`);
    const state = { s: real[0].s, name: real[0].name, knots: null, errors: [] };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const shape = choice(controls, {
      label: "Spectrum",
      options: [
        ...real.map(({ name }, i) => [String(i), name]),
        ...Object.entries(NAMES),
        ["own", "your own: drag the points"],
      ],
      value: "0",
    }, takeShape);
    const form = slider(controls, { label: "Exponent", min: 0.1, max: 3, step: 0.1, value: 1 },
      takeShape);
    const rank = slider(controls, { label: "Rank k", min: 2, max: MOST.rank, value: 10 },
      restart);
    const extra = slider(controls, { label: "Oversampling p", min: 2, max: MOST.extra, value: 10 },
      restart);
    const powers = slider(controls, {
      label: "Power iterations q", min: 0, max: 4, value: 0,
      show: (q) => `${q} (${2 * (q + 1)} passes)`,
    }, restart);

    const picture = chart(stage, {
      label: "Singular values, error and bound. The points can be moved with the arrow keys.",
      height: (width) => Math.round(Math.min(430, Math.max(300, width * 0.58))),
      draw,
    });
    const plot = svg("g");
    const handles = KNOTS.map((knot, i) => handle(picture, {
      label: `Singular value ${knot}`, min: FLOOR, max: 1,
      drag: (pixel) => moveKnot(i, picture.toValue(pixel)),
      step: (sign) => moveKnot(i, valueAt(knot) * 10 ** (0.1 * sign)),
    }));
    picture.svg.append(plot, ...handles);
    legend(stage, [
      { name: "this spectrum", color: "--fig-ink" },
      { name: "other data of the book", color: "--fig-6", dash: "1 3" },
      { name: "best possible at rank k", color: "--fig-3", dash: "6 3 1 3" },
      { name: `error, mean of ${DRAWS} runs`, color: "--fig-1", width: 3 },
      { name: "bound on the mean", color: "--fig-2", dash: "7 4" },
      { name: "the first k", color: "--fig-1", width: 12, opacity: SHADE.rank },
      { name: "p more", color: "--fig-1", width: 12, opacity: SHADE.extra },
    ]);
    const say = reading(stage);

    function takeShape() {
      const made = { polynomial: () => polynomial(form.value), step: () => stepDown(form.value) };
      form.box.hidden = !(shape.value in made);
      form.rename(shape.value === "step" ? "Drop, in powers of ten" : "Exponent");
      if (shape.value in made) setSpectrum(made[shape.value](), NAMES[shape.value]);
      else if (shape.value !== "own") setSpectrum(real[shape.value].s, real[shape.value].name);
    }

    function setSpectrum(s, name) {
      Object.assign(state, { s, name, knots: null });
      restart();
    }

    /* The spectrum becomes the reader's own once a point has moved. */
    function moveKnot(i, value) {
      const knots = state.knots || KNOTS.map((knot) => Math.max(FLOOR, valueAt(knot)));
      const ceiling = i ? knots[i - 1] : 1;
      const floor = i + 1 < knots.length ? knots[i + 1] : FLOOR;
      knots[i] = Math.min(ceiling, Math.max(floor, value));
      Object.assign(state, { s: throughKnots(knots), name: "your own spectrum", knots });
      shape.value = "own";
      form.box.hidden = true;
      restart();
    }

    const valueAt = (j) => state.s[Math.min(j, state.s.length) - 1];

    /* One run a frame, so that dragging stays smooth while the mean settles. */
    let frame = 0;
    function restart() {
      state.errors = [];
      stage.setAttribute("aria-busy", "true");
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(run);
    }
    function run() {
      const { s, errors } = state;
      errors.push(errorOfRun(s, rank.value, extra.value, powers.value, errors.length + 1));
      picture.redraw();
      if (errors.length < DRAWS) {
        frame = requestAnimationFrame(run);
        return;
      }
      say(inWords());
      stage.setAttribute("aria-busy", "false");
    }

    const mean = () => state.errors.reduce((sum, error) => sum + error, 0) / state.errors.length;

    function inWords() {
      const [k, p, q] = [rank.value, extra.value, powers.value];
      const best = state.s[k];
      const promised = bound(state.s, k, p, q);
      const source = q ? "Corollary 10.10" : "Theorem 10.6";
      const times = (value) => (best ? ` (${format(value / best)} times the best)` : "");
      return `${state.name}, k = ${k}, p = ${p}, q = ${q}, in units of the largest singular value: `
        + `no rank-${k} matrix errs by less than ${format(best)}. `
        + `The basis of ${k + p} columns errs by ${format(mean())}${times(mean())} on average. `
        + `${source} promises at most ${format(promised)}${times(promised)}.`;
    }

    /* The scale stands still while a point is dragged; otherwise it keeps whole powers of ten. */
    function rangeOfValues(promised) {
      const smallest = Math.max(FLOOR, Math.min(valueAt(N), ...state.errors));
      return [
        10 ** Math.floor(Math.log10(smallest)),
        10 ** Math.ceil(Math.log10(Math.max(1.01, promised))),
      ];
    }

    function draw(self) {
      const [k, p] = [rank.value, extra.value];
      const promised = bound(state.s, k, p, powers.value);
      if (!self.dragging) self.values = rangeOfValues(promised);
      const inside = self.inside();
      const x = log([0.9, 1.1 * Math.max(N, ...real.map(({ s }) => s.length))], inside.x);
      const y = log(self.values, inside.y);
      self.toValue = y.invert;

      const at = (value) => y(Math.min(self.values[1], Math.max(self.values[0], value)));
      const curve = (s) => Array.from(s, (value, i) => [i + 1, value])
        .filter(([, value]) => value >= self.values[0])
        .map(([j, value]) => [x(j), y(value)]);
      const level = (value) => inside.x.map((pixel) => [pixel, at(value)]);
      const band = (from, to, opacity) => svg("rect", {
        x: x(from), y: inside.y[1], width: x(to) - x(from), height: inside.y[0] - inside.y[1],
        style: `fill: var(--fig-1); opacity: ${opacity}`,
      });
      plot.replaceChildren(
        band(0.9, k + 0.5, SHADE.rank),
        band(k + 0.5, k + p + 0.5, SHADE.extra),
        axes(self, x, y, "number j of the singular value", "singular value / largest"),
        ...real.filter(({ s }) => s !== state.s).map(({ s }) => line(curve(s), "--fig-6", "1 3", 1.5)),
        line(curve(state.s), "--fig-ink", "none", 1.5),
        line(level(state.s[k]), "--fig-3", "6 3 1 3"),
        line(level(promised), "--fig-2", "7 4"),
        ...(state.errors.length ? [line(level(mean()), "--fig-1", "none", 3)] : []),
      );
      KNOTS.forEach((knot, i) => {
        const value = Math.max(FLOOR, valueAt(knot));
        handles[i].place(x(knot), at(value), value);
      });
    }

    takeShape();
  });
})();
