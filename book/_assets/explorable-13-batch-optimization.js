/* Chapter 13: a chain of beads on springs, by four methods after k gradients from zero, and below it
   how far each is from the minimum after every number of gradients, with the floor of the theorem.

   Data: { "sizes": [11, 51, 201], "size": 51, "k": 20 }: lengths of the chain, and where to begin.
   All is computed here; course_lib gives the same numbers. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const LEAST = 1e-6; // gaps are drawn down to here

  /* ---- The chain with L = 1, ends held at 1 and 0, and its methods. Each returns the points
     after 0, 1, ..., k gradients; `ogm` ends after k, which it is told. */

  const ends = (x, i) => (i < 0 ? 1 : i < x.length ? x[i] : 0);
  const gradient = (x) => x.map((xi, i) => (2 * xi - ends(x, i - 1) - ends(x, i + 1)) / 4);
  const smoothness = (n) => (1 + Math.cos(Math.PI / (n + 1))) / 2;
  const floor = (n, k) => (1 / (k + 1) - 1 / (n + 1)) / 8;
  const dot = (x, y) => x.reduce((sum, xi, i) => sum + xi * y[i], 0);
  const plus = (x, share, y) => x.map((xi, i) => xi + share * y[i]);

  function gap(x) {
    let sum = 0;
    for (let i = 0; i <= x.length; i += 1) sum += (ends(x, i - 1) - ends(x, i)) ** 2;
    return Math.max(0, (sum - 1 / (x.length + 1)) / 8);
  }

  function descent(n, k) {
    const points = [new Array(n).fill(0)];
    for (let i = 0; i < k; i += 1) {
      points.push(plus(points[i], -1 / smoothness(n), gradient(points[i])));
    }
    return points;
  }

  function fista(n, k) {
    const points = [new Array(n).fill(0)];
    let [ahead, t] = [points[0], 1];
    for (let i = 0; i < k; i += 1) {
      points.push(plus(ahead, -1 / smoothness(n), gradient(ahead)));
      const next = (1 + Math.sqrt(1 + 4 * t * t)) / 2;
      ahead = plus(points[i + 1], (t - 1) / next, plus(points[i + 1], -1, points[i]));
      t = next;
    }
    return points;
  }

  function ogm(n, k) {
    const points = [new Array(n).fill(0)];
    let [y, theta] = [points[0], 1];
    for (let i = 1; i <= k; i += 1) {
      const x = points[i - 1];
      const next = (1 + Math.sqrt(1 + (i === k ? 8 : 4) * theta * theta)) / 2;
      const last = y;
      y = plus(x, -1 / smoothness(n), gradient(x));
      const drawn = plus(y, (theta - 1) / next, plus(y, -1, last));
      points.push(plus(drawn, theta / next, plus(y, -1, x)));
      theta = next;
    }
    return points;
  }

  function conjugate(n, k) {
    const points = [new Array(n).fill(0)];
    let g = gradient(points[0]);
    let p = g.map((value) => -value);
    for (let i = 0; i < k; i += 1) {
      const bend = dot(p, gradient(p).map((value, j) => value + (j === 0 ? 1 / 4 : 0)));
      if (!(dot(g, g) > 1e-26 && bend > 0)) { // at the minimum, but for rounding
        points.push(points[i]);
        continue;
      }
      points.push(plus(points[i], dot(g, g) / bend, p));
      const next = gradient(points[i + 1]);
      p = plus(next.map((value) => -value), dot(next, next) / dot(g, g), p);
      g = next;
    }
    return points;
  }

  window.Explorable.chain = { conjugate, descent, fista, floor, gap, ogm };

  /* ---- The figure */

  const METHODS = [
    { name: "gradient descent", color: "--fig-2", dash: "none", walk: descent },
    { name: "FISTA", color: "--fig-3", dash: "7 4", walk: fista },
    { name: "OGM, told to end at k", color: "--fig-4", dash: "2 3", walk: ogm },
    { name: "conjugate gradients", color: "--fig-1", dash: "none", walk: conjugate },
  ];

  window.Explorable.register("13-batch-optimization", ({ stage, data }) => {
    const state = {};

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const size = choice(controls, {
      label: "Beads n", options: data.sizes.map((n) => [String(n), String(n)]),
      value: String(data.size),
    }, prepare);
    const steps = slider(controls, {
      label: "Gradients k", min: 0, max: Math.max(...data.sizes), value: data.k,
    }, show);

    const beads = chart(stage, {
      label: "Heights of the beads",
      height: (width) => Math.round(Math.min(300, Math.max(220, width * 0.36))),
      draw: drawBeads,
    });
    const race = chart(stage, {
      label: "Distance from the minimum by gradients",
      height: (width) => Math.round(Math.min(300, Math.max(220, width * 0.36))),
      draw: drawRace,
    });
    legend(stage, [
      ...METHODS.map(({ name, color, dash }) => ({ name, color, dash })),
      { name: "the floor; the minimum", color: "--fig-ink", dash: "4 2", width: 1.2 },
    ]);
    const say = reading(stage);

    function chosen() { return Number(size.value); }
    function now() { return steps.value; }

    /* Another chain: all walks but that of OGM, which depends on k. */
    function prepare() {
      const n = chosen();
      state.walks = METHODS.map(({ walk }) => (walk === ogm ? null : walk(n, n)));
      state.curves = METHODS.map(({ walk }, i) =>
        (walk === ogm ? null : state.walks[i].map(gap)));
      const some = Array.from({ length: 25 }, (_, i) => Math.round(n ** (i / 24)));
      state.ends = [...new Set(some)].map((k) => [k, gap(ogm(n, k)[k])]);
      steps.max = n; // the front has arrived, and nothing more happens
      show();
    }

    function show() {
      const k = now();
      state.points = METHODS.map(({ walk }, i) =>
        (walk === ogm ? ogm(chosen(), k) : state.walks[i])[k]);
      beads.redraw();
      race.redraw();
      say(inWords());
    }

    function drawBeads(self) {
      const n = chosen();
      const inside = self.inside();
      const x = linear([0, n + 1], inside.x);
      const y = linear([0, 1.05], inside.y);
      const drawn = METHODS.map(({ color, dash }, i) =>
        line([1, ...state.points[i], 0].map((value, j) => [x(j), y(value)]), color, dash, 2));
      self.svg.replaceChildren(
        axes(self, x, y, "bead", "height"),
        line([[x(0), y(1)], [x(n + 1), y(0)]], "--fig-ink", "4 2", 1.2),
        line([[x(now() + 1), y(0)], [x(now() + 1), y(1)]], "--fig-grid", "none", 1.5),
        svg("text", {
          x: Math.min(x(now() + 1) + 5, inside.x[1] - 40), y: inside.y[1] + 12, "aria-hidden": "true",
        }, "front"),
        ...drawn,
      );
    }

    function drawRace(self) {
      const n = chosen();
      const inside = self.inside();
      const x = log([1, n], inside.x);
      const y = log([LEAST, 0.2], inside.y);
      const at = (value) => y(Math.max(LEAST, value));
      const places = Array.from({ length: n - 1 }, (_, i) => i + 1);
      const curves = METHODS.map(({ color, dash, walk }, i) => line(
        walk === ogm ? state.ends.map(([k, value]) => [x(k), at(value)])
          : [...places, n].map((k) => [x(k), at(state.curves[i][k])]),
        color, dash, 2,
      ));
      const dots = METHODS.map(({ color }, i) => svg("circle", {
        cx: x(Math.max(1, now())), cy: at(gap(state.points[i])), r: 4, style: `fill: var(${color})`,
      }));
      self.svg.replaceChildren(
        axes(self, x, y, "gradients k", "above the minimum"),
        ...curves,
        line([...places, n].map((k) => [x(k), at(floor(n, k))]), "--fig-ink", "4 2", 1.2),
        ...(now() ? dots : []),
      );
    }

    function inWords() {
      const [n, k] = [chosen(), now()];
      const least = floor(n, k);
      const gaps = state.points.map(gap);
      const start = `${n} beads, ${k} gradients. `;
      if (k === 0) return `${start}All beads are at 0; the height above the minimum is ${format(least)}.`;
      const moved = k < n ? `Beads 1 to ${k} have moved, the others are at 0. ` : "The front has arrived. ";
      if (k === n) {
        return `${start}${moved}Conjugate gradients are at the minimum; gradient descent is `
          + `${format(gaps[0])} above it, FISTA ${format(gaps[1])}, OGM ${format(gaps[2])}.`;
      }
      const times = gaps.map((value) => format(value / least));
      return `${start}${moved}The floor is ${format(least)}. Gradient descent is ${times[0]} times that `
        + `far from the minimum, FISTA ${times[1]} times, OGM ${times[2]} times, conjugate gradients `
        + `${times[3]}.`;
    }

    prepare();
  });
})();
