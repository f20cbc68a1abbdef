/* Chapter 12: two hundred estimates of one angle, against the bell of independent bits, and under
   them the correlations of bits by how many rows they are apart.

   Data: { "side": 28, "pairs": [{ "name": "...", "u": pixels, "v": pixels }] }. Matrices are drawn
   here, from seeded normal numbers; what they answer is what course_lib answers for the same ones. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, normals, reading, slider, svg } =
    window.Explorable;

  const DRAWS = 200;
  const BLOCK = 4; // of BinCirc
  const LAGS = 84; // three rows of a picture
  const BINS = 50;
  const STEP = 7; // of the slider of bits

  /* ---- Arithmetic */

  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const cosine = (u, v) => dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
  const angleShare = (u, v) => Math.acos(Math.max(-1, Math.min(1, cosine(u, v)))) / Math.PI;

  /* How many numbers a matrix of n columns and `rows` rows is made of. */
  const budget = (matrix, n, rows) => ({
    circulant: n, binCirc: n, toeplitz: n + rows - 1, random: n * rows,
  })[matrix];

  /* Which bits of the codes of u and v differ: one entry a row. */
  function differing(u, v, matrix, g, signs, rows) {
    const n = u.length;
    const at = [];
    for (let j = 0; j < n; j += 1) if (u[j] || v[j]) at.push(j);
    const a = at.map((j) => signs[j] * u[j]);
    const b = at.map((j) => signs[j] * v[j]);
    const shift = matrix === "binCirc" ? BLOCK : 1;
    const bits = new Uint8Array(rows);
    for (let i = 0; i < rows; i += 1) {
      const start = matrix === "toeplitz" ? rows - 1 - i : (n - ((i * shift) % n)) % n;
      let first = 0;
      let second = 0;
      for (let m = 0; m < at.length; m += 1) {
        let place = at[m] + start;
        if (matrix !== "toeplitz" && place >= n) place -= n;
        first += g[place] * a[m];
        second += g[place] * b[m];
      }
      bits[i] = Number(first > 0) ^ Number(second > 0);
    }
    return bits;
  }

  /* Rows that share nothing: only their parts in the plane of u and v matter. */
  function independent(t, normal, rows) {
    const [along, across] = [Math.cos(Math.PI * t), Math.sin(Math.PI * t)];
    return Uint8Array.from({ length: rows }, () => {
      const x = normal();
      return Number(x > 0) ^ Number(along * x + across * normal() > 0);
    });
  }

  function draws(u, v, matrix, withSigns, rows, seed) {
    const normal = normals(seed);
    const t = angleShare(u, v);
    return Array.from({ length: DRAWS }, () => {
      if (matrix === "random") return independent(t, normal, rows);
      const g = Float64Array.from({ length: budget(matrix, u.length, rows) }, normal);
      const signs = Float64Array.from(u, () => (withSigns && normal() < 0 ? -1 : 1));
      return differing(u, v, matrix, g, signs, rows);
    });
  }

  const share = (bits, k) => bits.subarray(0, k).reduce((sum, bit) => sum + bit, 0) / k;

  /* Correlation of bits that lie 1, 2, ... rows apart, over all draws and rows. */
  function correlations(all, t, lags) {
    const rows = all[0].length;
    return Array.from({ length: lags }, (_, i) => {
      const l = i + 1;
      let sum = 0;
      for (const bits of all) {
        for (let row = 0; row + l < rows; row += 1) sum += (bits[row] - t) * (bits[row + l] - t);
      }
      return sum / (all.length * (rows - l) * t * (1 - t));
    });
  }

  function spread(values, center) {
    return Math.sqrt(values.reduce((sum, x) => sum + (x - center) ** 2, 0) / values.length);
  }

  window.Explorable.embeddings = { angleShare, correlations, differing, draws, share, spread };

  /* ---- The figure */

  const MATRICES = [
    ["circulant", "Circulant"], ["toeplitz", "Toeplitz"], ["binCirc", "BinCirc, blocks of 4"],
    ["random", "Random"],
  ];

  window.Explorable.register("12-binary-embeddings", ({ stage, data }) => {
    const n = data.side * data.side;
    const state = {};

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const which = choice(controls, {
      label: "Vectors", options: data.pairs.map(({ name }, i) => [String(i), name]), value: "0",
    }, toss);
    const matrix = choice(controls, {
      label: "Matrix", options: MATRICES, value: "circulant",
    }, toss);
    const coins = choice(controls, {
      label: "Signs D", options: [["no", "none"], ["yes", "random"]], value: "no",
    }, toss);
    const bits = slider(controls, {
      label: "Bits k", min: STEP, max: n, step: STEP, value: 98, show: String,
    }, show);
    const again = choice(controls, {
      label: "Draws", options: [["1", "200"], ["2", "200 others"], ["3", "200 more"]], value: "1",
    }, toss);

    const pictures = chart(stage, {
      label: "The two vectors", height: () => 122, draw: drawPictures,
    });
    const shares = chart(stage, {
      label: "Estimates of the share",
      height: (width) => Math.round(Math.min(280, Math.max(210, width * 0.34))),
      draw: drawShares,
    });
    legend(stage, [
      { name: "estimates", color: "--fig-1", width: 10, opacity: 0.45 },
      { name: "independent bits", color: "--fig-2", dash: "7 4" },
      { name: "the true share", color: "--fig-ink", width: 1.5 },
    ]);
    const lags = chart(stage, {
      label: "Correlation of bits by how many rows they are apart",
      height: (width) => Math.round(Math.min(230, Math.max(180, width * 0.26))),
      draw: drawLags,
    });
    const say = reading(stage);

    /* Other vectors, another matrix or other draws: compute all bits, then draw. */
    function toss() {
      const { u, v } = data.pairs[Number(which.value)];
      state.t = angleShare(u, v);
      state.all = draws(u, v, matrix.value, coins.value === "yes", n, Number(again.value));
      state.rho = correlations(state.all, state.t, LAGS);
      pictures.redraw();
      lags.redraw();
      show();
    }

    function show() {
      state.shares = state.all.map((each) => share(each, bits.value));
      shares.redraw();
      say(inWords());
    }

    function drawPictures(self) {
      const { u, v } = data.pairs[Number(which.value)];
      const normal = normals(7);
      const signs = u.map(() => (coins.value === "yes" && normal() < 0 ? -1 : 1));
      const cell = 112 / data.side;
      const nodes = [u, v].flatMap((x, place) => {
        const top = Math.max(...x);
        const left = self.width / 2 + (place ? 24 : -136);
        const frame = svg("rect", {
          x: left, y: 5, width: 112, height: 112, fill: "none", style: "stroke: var(--fig-grid)",
        });
        return [frame, ...x.flatMap((value, j) => (value === 0 ? [] : [svg("rect", {
          x: left + (j % data.side) * cell, y: 5 + Math.floor(j / data.side) * cell,
          width: cell, height: cell,
          style: `fill: var(${signs[j] < 0 ? "--fig-2" : "--fig-1"}); opacity: ${value / top}`,
        })]))];
      });
      self.svg.replaceChildren(...nodes);
    }

    function drawShares(self) {
      const { x: across, y: up } = self.inside();
      const deviation = Math.sqrt((state.t * (1 - state.t)) / bits.value);
      const counts = new Array(BINS).fill(0);
      for (const value of state.shares) {
        counts[Math.min(BINS - 1, Math.floor(value * BINS + 1e-9))] += 1;
      }
      const bell = (value) => (DRAWS / BINS / deviation / Math.sqrt(2 * Math.PI))
        * Math.exp(-0.5 * ((value - state.t) / deviation) ** 2);
      const x = linear([0, 1], across);
      const y = linear([0, 1.1 * Math.max(bell(state.t), ...counts)], up);
      const points = Array.from({ length: 401 }, (_, i) => [x(i / 400), y(bell(i / 400))]);
      self.svg.replaceChildren(
        axes(self, x, y, "share of bits that differ", "draws of 200"),
        ...counts.map((count, i) => svg("rect", {
          x: x(i / BINS), y: y(count), width: (x(1) - x(0)) / BINS - 1, height: y(0) - y(count),
          style: "fill: var(--fig-1); opacity: 0.45",
        })),
        line(points, "--fig-2", "7 4", 2),
        line(up.map((pixel) => [x(state.t), pixel]), "--fig-ink", "none", 1.5),
      );
    }

    function drawLags(self) {
      const { x: across, y: up } = self.inside();
      const x = linear([0, LAGS], across);
      x.ticks = () => [1, data.side, 2 * data.side, LAGS];
      const y = linear([-0.4, 1], up);
      self.svg.replaceChildren(
        axes(self, x, y, "rows apart", "correlation"),
        line(across.map((pixel) => [pixel, y(0)]), "--fig-ink", "none", 1),
        line(state.rho.map((value, i) => [x(i + 1), y(value)]), "--fig-1", "none", 2),
      );
    }

    function inWords() {
      const deviation = Math.sqrt((state.t * (1 - state.t)) / bits.value);
      const strays = spread(state.shares, state.t);
      const mean = state.shares.reduce((sum, value) => sum + value, 0) / DRAWS;
      return `${bits.value} bits. The true share is ${format(state.t)}; the ${DRAWS} estimates have the `
        + `mean ${format(mean)} and stray by ${format(strays)}, ${format(strays / deviation)} times as far `
        + `as independent bits. Bits of neighboring rows are correlated by ${state.rho[0].toFixed(2)}, `
        + `of rows ${data.side} apart by ${state.rho[data.side - 1].toFixed(2)}.`;
    }

    toss();
  });
})();
