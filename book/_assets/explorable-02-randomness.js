/* Chapter 02: change the dimension of a random projection and the band, and see the ratios of
   squared distances gather around 1.

   A Gaussian map has the same law in every orthonormal basis, so the points come as coordinates in
   their own span: n points need n - 1 numbers each, however many words or pixels they have.

   Data: { "sets": [{ "name": "60 scenes", "points": [[], [a], [b, c], ...] }, ...] }, lower
   triangular: what a row leaves out is zero. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, linear, normals, reading, slider,
    svg } = window.Explorable;

  const BINS = 80;
  const RANGE = [0, 2]; // of the ratios that are drawn; further ones are put at the edge

  const doubled = (steps) => Math.round(2 ** (steps / 10)); // twice as many every ten steps

  /* ---- Arithmetic */

  /* Dasgupta and Gupta 2003, Theorem 2.1, rounded up. */
  function dimension(n, epsilon) {
    return Math.ceil((4 * Math.log(n)) / (epsilon ** 2 / 2 - epsilon ** 3 / 3));
  }

  /* The regularized incomplete gamma function P(a, x): its series below a + 1, above it Lentz's
     continued fraction of 1 - P. */
  function gammaP(a, x) {
    if (x <= 0) return 0;
    const front = Math.exp(a * Math.log(x) - x - logGamma(a));
    if (x < a + 1) {
      let term = 1 / a;
      let sum = term;
      for (let i = 1; term > 1e-16 * sum; i += 1) sum += (term *= x / (a + i));
      return front * sum;
    }
    let b = x + 1 - a;
    let c = 1e300;
    let d = 1 / b;
    let fraction = d;
    for (let i = 1; i < 10000; i += 1) {
      const factor = -i * (i - a);
      b += 2;
      d = 1 / (factor * d + b);
      c = b + factor / c;
      fraction *= c * d;
      if (Math.abs(c * d - 1) < 1e-15) break;
    }
    return 1 - front * fraction;
  }

  /* Stirling's series, after shifting to where it is exact. */
  function logGamma(a) {
    let shift = 0;
    let x = a;
    while (x < 12) {
      shift += Math.log(x);
      x += 1;
    }
    const y = 1 / (x * x);
    const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y / 1680))) / x;
    return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
  }

  /* The chance that one pair leaves the band: chi-square with k degrees of freedom. */
  function failure(k, epsilon) {
    const below = gammaP(k / 2, (k * (1 - epsilon)) / 2);
    return below + 1 - gammaP(k / 2, (k * (1 + epsilon)) / 2);
  }

  /* One draw of a map: `upTo(k)` gives the ratio of each pair i < j after k dimensions. Going up
     continues the sums, going down starts again from the seed. */
  function projection(points, seed) {
    const n = points.length;
    const before = [];
    const pairs = [];
    for (let i = 0; i < n; i += 1) {
      for (let j = i + 1; j < n; j += 1) {
        let sum = 0;
        for (let c = 0; c < points[j].length; c += 1) {
          sum += (points[j][c] - (points[i][c] || 0)) ** 2;
        }
        pairs.push([i, j]);
        before.push(sum);
      }
    }
    let next;
    let done;
    let sums;
    const restart = () => {
      next = normals(seed);
      done = 0;
      sums = new Float64Array(pairs.length);
    };
    restart();
    function upTo(k) {
      if (k < done) restart();
      const image = new Float64Array(n);
      for (; done < k; done += 1) {
        const direction = Array.from({ length: n - 1 }, () => next());
        for (let i = 0; i < n; i += 1) {
          image[i] = 0;
          for (let c = 0; c < points[i].length; c += 1) image[i] += points[i][c] * direction[c];
        }
        for (let p = 0; p < pairs.length; p += 1) {
          sums[p] += (image[pairs[p][0]] - image[pairs[p][1]]) ** 2;
        }
      }
      return Array.from(sums, (sum, p) => sum / k / before[p]);
    }
    return { upTo };
  }

  window.Explorable.randomness = { dimension, failure, normals, projection };

  /* ---- The figure */

  window.Explorable.register("02-randomness", ({ stage, data }) => {
    const state = { seed: 1, map: null, ratios: [] };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const points = choice(controls, {
      label: "Points",
      options: data.sets.map(({ name }, i) => [String(i), name]),
      value: "0",
    }, draw);
    const size = slider(controls, {
      label: "Dimension k", min: 0, max: 109, value: 40, show: (steps) => String(doubled(steps)),
    }, move);
    const band = slider(controls, {
      label: "Band ε", min: 0.1, max: 0.9, step: 0.02, value: 0.3,
    }, move);
    const again = html("button", { type: "button", textContent: "Draw again" });
    again.addEventListener("click", () => {
      state.seed += 1;
      draw();
    });
    controls.append(html("div", { className: "explorable-control" }, again));

    const picture = chart(stage, {
      label: "Histogram of squared distances after the projection over those before.",
      height: (width) => Math.round(Math.min(380, Math.max(260, width * 0.5))),
      draw: paint,
    });
    const plot = svg("g");
    picture.svg.append(plot);
    legend(stage, [
      { name: "pairs inside the band", color: "--fig-1", width: 10 },
      { name: "pairs outside", color: "--fig-2", width: 10 },
      { name: "the band, 1 ± ε", color: "--fig-3", width: 12, opacity: 0.2 },
    ]);
    const say = reading(stage);

    function draw() {
      state.map = projection(data.sets[points.value].points, state.seed);
      move();
    }

    function move() {
      state.ratios = state.map.upTo(doubled(size.value));
      picture.redraw();
      say(inWords());
    }

    const outside = () => state.ratios.filter((r) => Math.abs(r - 1) > band.value).length;

    function inWords() {
      const [k, epsilon, pairs] = [doubled(size.value), band.value, state.ratios.length];
      const n = data.sets[points.value].points.length;
      const expected = pairs * failure(k, epsilon);
      const worst = Math.max(...state.ratios.map((r) => Math.abs(r - 1)));
      return `${data.sets[points.value].name}, k = ${k}, ε = ${format(epsilon)}, draw ${state.seed}: `
        + `${outside()} of ${pairs} pairs are outside the band; the chi-square law expects `
        + `${expected < 1e-3 ? "fewer than 0.001" : format(expected)}. The largest change is `
        + `${format(100 * worst)}%. The theorem asks for k = ${dimension(n, epsilon)}.`;
    }

    function paint(self) {
      const inside = self.inside();
      const epsilon = band.value;
      const counts = [new Float64Array(BINS), new Float64Array(BINS)];
      const width = (RANGE[1] - RANGE[0]) / BINS;
      for (const ratio of state.ratios) {
        const bin = Math.min(BINS - 1, Math.floor((ratio - RANGE[0]) / width));
        counts[Math.abs(ratio - 1) > epsilon ? 1 : 0][bin] += 1;
      }
      const tallest = Math.max(1, ...counts[0].map((count, i) => count + counts[1][i]));
      const x = linear(RANGE, inside.x);
      const y = linear([0, 1.08 * tallest], inside.y);
      const rect = (from, to, low, high, color, opacity) => svg("rect", {
        x: x(from), y: y(high), width: Math.max(0, x(to) - x(from)), height: y(low) - y(high),
        style: `fill: var(${color}); opacity: ${opacity}`,
      });
      const bars = [];
      for (let i = 0; i < BINS; i += 1) {
        const [from, to] = [RANGE[0] + i * width, RANGE[0] + (i + 1) * width];
        const [good, bad] = [counts[0][i], counts[1][i]];
        if (good) bars.push(rect(from, to, 0, good, "--fig-1", 1));
        if (bad) bars.push(rect(from, to, good, good + bad, "--fig-2", 1));
      }
      plot.replaceChildren(
        rect(1 - epsilon, 1 + epsilon, 0, 1.08 * tallest, "--fig-3", 0.2),
        axes(self, x, y, "squared distance after / before", "pairs"),
        ...bars,
      );
    }

    draw();
  });
})();
