/* Chapter 04: drag n along a stream, watch the registers fill, and see which mean follows.

   Data: { "n": different items, "p": 6, "name": "...", "rises": one list a hash function of
   [items seen, register, its new value, ...], flat }. Only the items that raise a register
   matter, and they are few. Tables of 2^4 and 2^5 registers are folded from those of 2^6. */
(function () {
  "use strict";

  const { axes, chart, choice, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const STEPS = 1000; // of the slider, which is logarithmic in n
  const POINTS = 240; // of a curve
  const TALLEST = 24;
  const FACTOR = 4; // the lower chart ends at a quarter and at four times the truth
  const RUN_OF_ONE = 1.332747; // mean of the longest run of n items, plus one, above log2 n

  /* ---- Arithmetic */

  /* The registers after n different items. */
  function registersAt(rises, n, p) {
    const registers = new Array(2 ** p).fill(0);
    for (let i = 0; i < rises.length && rises[i] <= n; i += 3) registers[rises[i + 1]] = rises[i + 2];
    return registers;
  }

  /* What a table of 2^to registers would hold: index bits become coins. */
  function fold(registers, to) {
    const bits = Math.log2(registers.length) - to;
    const folded = new Array(2 ** to).fill(0);
    registers.forEach((value, i) => {
      if (value === 0) return;
      const coins = i % 2 ** bits;
      const run = coins === 0 ? bits + value : bits - Math.floor(Math.log2(coins));
      const target = Math.floor(i / 2 ** bits);
      folded[target] = Math.max(folded[target], run);
    });
    return folded;
  }

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const alpha = (m) => ({ 16: 0.673, 32: 0.697, 64: 0.709 }[m] || 0.7213 / (1 + 1.079 / m));

  /* x + x^2 + 2 x^4 + 4 x^8 + ...: what empty registers would hold if runs could be negative. */
  function sigma(x) {
    if (x === 1) return Infinity;
    let [power, total, weight, before] = [x, x, 1, -1];
    while (total !== before) {
      before = total;
      power *= power;
      total += power * weight;
      weight *= 2;
    }
    return total;
  }

  /* Durand and Flajolet: alpha_m m 2^mean, with ln Gamma(-1/m) from Gamma(1 - 1/m). */
  function logLog(registers) {
    const m = registers.length;
    const gamma = 0.5772156649;
    const x = 1 / m;
    // ln Gamma(1 - x) = gamma x + zeta(2) x^2 / 2 + zeta(3) x^3 / 3 + ..., and x <= 1/16
    const zeta = [1.6449340668, 1.2020569032, 1.0823232337, 1.0369277551, 1.0173430620];
    const logGamma = gamma * x + zeta.reduce((sum, z, i) => sum + (z * x ** (i + 2)) / (i + 2), 0);
    const factor = logGamma + Math.log(m) + Math.log(Math.expm1(Math.LN2 / m) / Math.LN2);
    return Math.exp(-m * factor) * m * 2 ** mean(registers);
  }

  function estimates(registers) {
    const m = registers.length;
    const empty = registers.filter((value) => value === 0).length;
    const sum = registers.reduce((total, value) => total + 2 ** -value, 0);
    const raw = (alpha(m) * m * m) / sum;
    const linearCounting = empty ? m * Math.log(m / empty) : NaN;
    return {
      empty,
      largest: 2 ** (Math.max(...registers) - RUN_OF_ONE),
      logLog: logLog(registers),
      raw,
      linearCounting,
      switched: raw <= 2.5 * m && empty ? linearCounting : raw,
      ertl: (m * m) / (2 * Math.LN2 * (sum - empty + m * sigma(empty / m))),
    };
  }

  window.Explorable.distinct = { estimates, fold, registersAt, sigma };

  /* ---- The figure */

  const CURVES = [
    ["largest", "largest register alone", "--fig-6", "1 3", 1.5],
    ["logLog", "geometric mean, LogLog", "--fig-2", "7 4", 2],
    ["raw", "harmonic mean alone", "--fig-3", "6 3 1 3", 2],
    ["switched", "harmonic mean with the switch", "--fig-4", "2 2", 2],
    ["ertl", "Ertl", "--fig-1", "none", 2.5],
  ];
  const MEANS = [
    ["arithmetic mean of 2^M", "--fig-5", "3 3", (M) => Math.log2(mean(M.map((v) => 2 ** v)))],
    ["geometric mean of 2^M", "--fig-2", "7 4", mean],
    ["harmonic mean of 2^M", "--fig-3", "6 3 1 3", (M) => -Math.log2(mean(M.map((v) => 2 ** -v)))],
  ];

  /* A logarithmic axis of factors around 1, with a tick at each power of two. */
  function factors(range) {
    const ends = Math.log2(FACTOR);
    const inner = linear([-ends, ends], range);
    const scale = (value) => inner(Math.min(ends, Math.max(-ends, Math.log2(value))));
    scale.ticks = () => Array.from({ length: 2 * ends + 1 }, (_, i) => 2 ** (i - ends));
    return scale;
  }

  window.Explorable.register("04-distinct", ({ stage, data }) => {
    const last = Math.log(data.n);
    const whole = (value) => Math.round(value).toLocaleString("en-US");
    const nAt = (step) => Math.round(Math.exp((last * step) / STEPS));
    const state = { curves: [] };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const position = slider(controls, {
      label: "Different items n", min: 0, max: STEPS, value: 640, show: (step) => whole(nAt(step)),
    }, show);
    const bits = slider(controls, {
      label: "Registers m", min: 4, max: data.p, value: data.p, show: (p) => String(2 ** p),
    }, follow);
    const which = choice(controls, {
      label: "Hash function",
      options: data.rises.map((_, i) => [String(i), String(i + 1)]),
      value: "0",
    }, follow);

    const bars = chart(stage, {
      label: "Registers",
      height: (width) => Math.round(Math.min(260, Math.max(200, width * 0.3))),
      draw: drawBars,
    });
    legend(stage, [
      { name: "register M", color: "--fig-1", width: 10, opacity: 0.45 },
      { name: "log₂ (n / m), the truth", color: "--fig-ink", width: 1.5 },
      ...MEANS.map(([name, color, dash]) => ({ name, color, dash })),
    ]);
    const errors = chart(stage, {
      label: "Estimates over the truth, along the stream",
      height: (width) => Math.round(Math.min(320, Math.max(240, width * 0.4))),
      draw: drawErrors,
    });
    legend(stage, CURVES.map(([, name, color, dash, width]) => ({ name, color, dash, width })));
    const say = reading(stage);

    const table = (n) => fold(registersAt(data.rises[Number(which.value)], n, data.p), bits.value);

    /* Another table: compute its curves along the whole stream, then draw. */
    function follow() {
      state.curves = [];
      for (let i = 0; i <= POINTS; i += 1) {
        const n = nAt((STEPS * i) / POINTS);
        state.curves.push([n, estimates(table(n))]);
      }
      show();
    }

    function show() {
      bars.redraw();
      errors.redraw();
      say(inWords());
    }

    function drawBars(self) {
      const registers = table(nAt(position.value));
      const { x: across, y: up } = self.inside();
      const x = linear([0, registers.length], across);
      const y = linear([0, TALLEST], up);
      const width = (across[1] - across[0]) / registers.length;
      const level = (value, color, dash, thick) => line(
        across.map((pixel) => [pixel, y(Math.max(0, Math.min(TALLEST, value)))]), color, dash, thick,
      );
      self.svg.replaceChildren(
        axes(self, x, y, "register", "value M"),
        ...registers.map((value, i) => svg("rect", {
          x: x(i) + 0.1 * width, y: y(value), width: 0.8 * width, height: y(0) - y(value),
          style: "fill: var(--fig-1); opacity: 0.45",
        })),
        level(Math.log2(nAt(position.value) / registers.length), "--fig-ink", "none", 1.5),
        ...MEANS.map(([, color, dash, of]) => level(of(registers), color, dash, 2)),
      );
    }

    function drawErrors(self) {
      const { x: across, y: up } = self.inside();
      const x = log([1, data.n], across);
      const y = factors(up);
      const curve = (key) => state.curves.filter(([, found]) => found[key] > 0)
        .map(([n, found]) => [x(n), y(found[key] / n)]);
      const upright = (n) => up.map((pixel) => [x(n), pixel]);
      self.svg.replaceChildren(
        axes(self, x, y, `different items n (${data.name})`, "estimate / truth"),
        line(across.map((pixel) => [pixel, y(1)]), "--fig-ink", "none", 1),
        line(upright(2.5 * 2 ** bits.value), "--fig-ink", "1 4", 1),
        ...CURVES.map(([key, , color, dash, width]) => line(curve(key), color, dash, width)),
        line(upright(nAt(position.value)), "--fig-ink", "none", 2),
      );
    }

    function inWords() {
      const n = nAt(position.value);
      const registers = table(n);
      const found = estimates(registers);
      const m = registers.length;
      const off = (value) => {
        const percent = Math.round(100 * (value / n - 1));
        return `${whole(value)} (${percent > 0 ? "+" : ""}${percent}%)`;
      };
      const switched = found.raw <= 2.5 * m && found.empty
        ? `The raw value is below 2.5 m, so linear counting of the ${found.empty} empty registers answers: `
        : "No switch is needed: ";
      return `${whole(n)} different items, ${m} registers, ${found.empty} of them empty, the largest at `
        + `${Math.max(...registers)}. From the largest alone: ${off(found.largest)}. `
        + `LogLog: ${off(found.logLog)}. Harmonic mean: ${off(found.raw)}. `
        + `${switched}${off(found.switched)}. Ertl: ${off(found.ertl)}.`;
    }

    follow();
  });
})();
