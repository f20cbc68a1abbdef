/* Chapter 05: move the exponent of a Zipf stream, the width and the rows of a table, and see
   Count-Min and Count-Sketch swap places.

   The hashes are those of course_lib, bit by bit, so a table here is a table there: item number i
   is the integer i, counted as often as the item of rank i + 1.

   Data: { "name": "words of Shakespeare", "runs": [[29088, 1], ...] }: counts, the largest first,
   and how many items have each. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const WIDTHS = [128, 256, 512, 1024, 2048, 2719, 4096, 8192];
  const ROWS = [1, 3, 5, 7];
  const EXPONENTS = Array.from({ length: 21 }, (_, i) => i / 10);
  const DOTS = 120; // items whose estimates are shown

  /* ---- Hashes: splitmix64 and multiply-shift, on 64-bit words */

  const MASK = (1n << 64n) - 1n;
  const GOLDEN = 0x9e3779b97f4a7c15n;

  function mix(word) {
    let z = word;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  }

  function randomWords(seed, size, stream) {
    const start = mix(mix(BigInt(seed) ^ GOLDEN) ^ BigInt(stream));
    return Array.from({ length: size }, (_, i) => mix((start + GOLDEN * BigInt(i + 1)) & MASK));
  }

  /* For each row: 32 bits that choose the cell of an item, as a fraction of the width, and the
     bit below them, which is its sign. */
  function drawHashes(n, depth, seed) {
    const key = randomWords(seed, 1, 0)[0];
    const rows = randomWords(seed, depth, 1).map((word) => ({
      multiplier: word | 1n, fraction: new Float64Array(n), sign: new Int8Array(n),
    }));
    for (let i = 0; i < n; i += 1) {
      const hash = mix(BigInt(i) ^ key);
      for (const row of rows) {
        const top = Number(((hash * row.multiplier) & MASK) >> 31n); // 33 bits
        row.fraction[i] = Math.floor(top / 2);
        row.sign[i] = top % 2 ? -1 : 1;
      }
    }
    return rows;
  }

  /* ---- Sketches */

  function cellsOf(row, width) {
    return Int32Array.from(row.fraction, (fraction) => Math.floor((fraction * width) / 2 ** 32));
  }

  /* The estimates of all items by both sketches, from tables of the same cells. */
  function estimate(counts, cells, rows) {
    const [n, depth] = [counts.length, cells.length];
    const least = new Float64Array(n).fill(Infinity);
    const signed = new Float64Array(n * depth);
    for (let r = 0; r < depth; r += 1) {
      const width = 1 + cells[r].reduce((most, cell) => Math.max(most, cell), 0);
      const plain = new Float64Array(width);
      const tug = new Float64Array(width);
      for (let i = 0; i < n; i += 1) {
        plain[cells[r][i]] += counts[i];
        tug[cells[r][i]] += rows[r].sign[i] * counts[i];
      }
      for (let i = 0; i < n; i += 1) {
        least[i] = Math.min(least[i], plain[cells[r][i]]);
        const value = rows[r].sign[i] * tug[cells[r][i]];
        let place = i * depth + r; // insertion into the sorted rows of this item
        while (place > i * depth && signed[place - 1] > value) {
          signed[place] = signed[place - 1];
          place -= 1;
        }
        signed[place] = value;
      }
    }
    const middle = Float64Array.from({ length: n }, (_, i) => signed[i * depth + (depth >> 1)]);
    return { countMin: least, countSketch: middle };
  }

  function sketch(counts, width, depth, seed) {
    const rows = drawHashes(counts.length, depth, seed);
    return estimate(counts, rows.map((row) => cellsOf(row, width)), rows);
  }

  const sum = (values) => values.reduce((total, value) => total + value, 0);

  function errors(estimates, counts) {
    const off = estimates.map((value, i) => Math.abs(value - counts[i]));
    return { mean: sum(off) / off.length, worst: off.reduce((a, b) => Math.max(a, b), 0) };
  }

  /* ---- Streams */

  function zipf(exponent, n, total) {
    const weights = Float64Array.from({ length: n }, (_, i) => (i + 1) ** -exponent);
    const scale = total / sum(weights);
    return weights.map((weight) => Math.round(weight * scale));
  }

  /* How many equally frequent items would repeat as often. */
  const effective = (counts) => sum(counts) ** 2 / sum(counts.map((count) => count * count));

  /* The exponent at which a Zipf stream is as uneven as these counts. */
  function exponentOf(counts) {
    const [n, total, wanted] = [counts.length, sum(counts), effective(counts)];
    let [low, high] = [0, 3];
    for (let step = 0; step < 30; step += 1) {
      const middle = (low + high) / 2;
      if (effective(zipf(middle, n, total)) > wanted) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /* Where the curve of Count-Min falls below that of Count-Sketch, or null. */
  function swap(curve) {
    for (let i = 1; i < curve.length; i += 1) {
      const [a, b] = [curve[i - 1], curve[i]];
      const [before, after] = [a, b].map(({ min, sketch: s }) => Math.log(min / s));
      if (before > 0 && after <= 0) {
        return a.exponent + ((b.exponent - a.exponent) * before) / (before - after);
      }
    }
    return null;
  }

  window.Explorable.heavyHitters = { effective, exponentOf, sketch, swap, zipf };

  /* ---- The figure */

  window.Explorable.register("05-heavy-hitters", ({ stage, data }) => {
    const real = Float64Array.from(data.runs.flatMap(([count, times]) => Array(times).fill(count)));
    const [n, total] = [real.length, sum(real)];
    const realExponent = exponentOf(real);
    const streams = EXPONENTS.map((exponent) => zipf(exponent, n, total));
    const shown = [...new Set(Array.from({ length: DOTS }, (_, i) =>
      Math.round(n ** (i / (DOTS - 1))) - 1))];
    const state = { rows: null, cells: null, curve: [], here: null, atReal: null };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const stream = choice(controls, {
      label: "Stream", options: [["zipf", "Zipf"], ["real", data.name]], value: "zipf",
    }, () => { exponent.box.hidden = stream.value === "real"; look(); });
    const exponent = slider(controls, {
      label: "Zipf exponent", min: 0, max: 2, step: 0.05, value: 1,
    }, look);
    const size = slider(controls, {
      label: "Cells in a row", min: 0, max: WIDTHS.length - 1, value: WIDTHS.indexOf(2719),
      show: (i) => String(WIDTHS[i]),
    }, spread);
    const depth = choice(controls, {
      label: "Rows", options: ROWS.map((rows) => [String(rows), String(rows)]), value: "5",
    }, draw);
    const seed = slider(controls, { label: "Draw of the hash functions", min: 1, max: 9, value: 1 },
      draw);

    const height = (width) => Math.round(Math.min(320, Math.max(230, width * 0.42)));
    const above = chart(stage, {
      label: "Mean error of both sketches against the Zipf exponent.", height, draw: drawCurves,
    });
    const below = chart(stage, {
      label: "Counts by rank and their estimates by both sketches.", height, draw: drawRanks,
    });
    legend(stage, [
      { name: "the counts", color: "--fig-ink" },
      { name: "Count-Min", color: "--fig-2", dash: "7 4" },
      { name: "Count-Sketch", color: "--fig-1", width: 3 },
      { name: "the stream that is shown below", color: "--fig-6", dash: "1 3" },
    ]);
    const say = reading(stage);

    function meanErrors(counts) {
      const found = estimate(counts, state.cells, state.rows);
      const [min, signs] = [found.countMin, found.countSketch].map((e) => errors(e, counts));
      return { ...found, min, signs };
    }

    function draw() {
      state.rows = drawHashes(n, Number(depth.value), seed.value);
      spread();
    }

    /* The curves: one exponent a frame, so that sliders stay smooth. */
    let frame = 0;
    function spread() {
      state.cells = state.rows.map((row) => cellsOf(row, WIDTHS[size.value]));
      state.curve = [];
      state.atReal = meanErrors(real);
      stage.setAttribute("aria-busy", "true");
      look();
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(next);
    }
    function next() {
      const i = state.curve.length;
      const { min, signs } = meanErrors(streams[i]);
      state.curve.push({ exponent: EXPONENTS[i], min: min.mean, sketch: signs.mean });
      above.redraw();
      if (state.curve.length < EXPONENTS.length) {
        frame = requestAnimationFrame(next);
        return;
      }
      say(inWords());
      stage.setAttribute("aria-busy", "false");
    }

    function look() {
      state.counts = stream.value === "real" ? real : zipf(exponent.value, n, total);
      state.here = meanErrors(state.counts);
      above.redraw();
      below.redraw();
      if (state.curve.length === EXPONENTS.length) say(inWords());
    }

    const position = () => (stream.value === "real" ? realExponent : exponent.value);

    function inWords() {
      const { min, signs } = state.here;
      const name = stream.value === "real"
        ? `${data.name}, as uneven as Zipf with exponent ${realExponent.toFixed(2)}`
        : `Zipf with exponent ${exponent.value}`;
      const crossing = swap(state.curve);
      const better = min.mean < signs.mean ? "Count-Min" : "Count-Sketch";
      return `${name}, ${total} arrivals of ${n} items, ${WIDTHS[size.value]} cells in each of `
        + `${depth.value} rows. Mean error of an estimate: Count-Min ${format(min.mean)}, `
        + `Count-Sketch ${format(signs.mean)}; largest: ${format(min.worst)} and `
        + `${format(signs.worst)}. ${better} is better on average. `
        + (crossing === null
          ? "They do not swap between exponents 0 and 2."
          : `They swap at an exponent of about ${crossing.toFixed(2)}.`);
    }

    const dot = (x, y, color, r) =>
      svg("circle", { cx: x, cy: y, r, style: `fill: var(${color})` });

    function drawCurves(self) {
      if (!state.here) return;
      const inside = self.inside();
      const [floor, top] = [0.01, 10 ** Math.ceil(Math.log10(total / WIDTHS[size.value]))];
      const x = linear([0, 2], inside.x);
      const y = log([floor, top], inside.y);
      const at = (value) => y(Math.min(top, Math.max(floor, value)));
      const curve = (key) => state.curve.map((point) => [x(point.exponent), at(point[key])]);
      const real2 = [[state.atReal.min.mean, "--fig-2"], [state.atReal.signs.mean, "--fig-1"]];
      self.svg.replaceChildren(
        axes(self, x, y, "Zipf exponent; squares: the data", "mean error"),
        line([[x(position()), inside.y[0]], [x(position()), inside.y[1]]], "--fig-6", "1 3", 2),
        line(curve("min"), "--fig-2", "7 4"),
        line(curve("sketch"), "--fig-1", "none", 3),
        ...real2.map(([value, color]) => svg("rect", {
          x: x(realExponent) - 5, y: at(value) - 5, width: 10, height: 10,
          style: `fill: var(${color})`,
        })),
      );
    }

    function drawRanks(self) {
      if (!state.here) return;
      const inside = self.inside();
      const x = log([0.9, 1.1 * n], inside.x);
      const y = log([0.7, 1.5 * Math.max(total / 20, state.counts[0])], inside.y);
      const at = (value) => y(Math.max(0.7, value));
      const { countMin, countSketch } = state.here;
      self.svg.replaceChildren(
        axes(self, x, y, "rank of the item; estimates below 1 lie on the axis", "count"),
        ...shown.map((i) => dot(x(i + 1), at(countMin[i]), "--fig-2", 3)),
        ...shown.map((i) => dot(x(i + 1), at(countSketch[i]), "--fig-1", 2.2)),
        line(shown.map((i) => [x(i + 1), at(state.counts[i])]), "--fig-ink", "none", 1.5),
      );
    }

    draw();
  });
})();
