/* Chapter 22: what fills the file of a pruned network that shares values. The bytes of values,
   distances, fillers and codebooks are computed here, from histograms of gaps and of values, in four
   codes; course_lib gives the same numbers. Errors are those of real networks, from a record.

   Data: { "shared": [2, ...], "full": bytes, "start": 3, "rows": [{ "density": 0.1, "left": [n, ...],
   "counts": [[[n, ...] a layer] a number of values], "errors": [...], "once": [...],
   "contexts": [...], "gaps": { "unit": [[[gap, count], ...] a layer], "input": ... } }] }. */
(function () {
  "use strict";

  const { choice, format, html, legend, reading, slider, svg, chart } = window.Explorable;

  const BITS = 16; // of a shared value
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

  /* ---- Arithmetic */

  /* Distances in b bits: how often each number is stored, and how many fillers there are. */
  function stored(gaps, b) {
    const counts = new Array(2 ** b).fill(0);
    let fillers = 0;
    for (const [gap, times] of gaps) {
      counts[gap % 2 ** b] += times;
      fillers += Math.floor(gap / 2 ** b) * times;
    }
    counts[2 ** b - 1] += fillers;
    return { counts, fillers };
  }

  /* Bits in all of a best prefix code: each joining costs a bit for all below it. */
  function huffmanBits(counts) {
    const heap = counts.filter((count) => count > 0).sort((a, b) => a - b);
    if (heap.length === 1) return heap[0];
    const joined = [];
    let total = 0;
    let [i, j] = [0, 0];
    const least = () => (j >= joined.length || (i < heap.length && heap[i] <= joined[j])
      ? heap[i++] : joined[j++]);
    for (let n = heap.length; n > 1; n -= 1) {
      const both = least() + least();
      joined.push(both);
      total += both;
    }
    return total;
  }

  function entropyBits(counts) {
    const n = sum(counts);
    return -sum(counts.filter((c) => c > 0).map((c) => c * Math.log2(c / n)));
  }

  function golombParameter(p) {
    const logQ = Math.log1p(-p);
    let m = 1;
    while (Math.exp(m * logQ) + Math.exp((m + 1) * logQ) > 1) m += 1;
    return m;
  }

  function golombBits(gaps, m) {
    const b = m > 1 ? Math.ceil(Math.log2(m)) : 0;
    return sum(gaps.map(([gap, times]) => times
      * (Math.floor(gap / m) + 1 + b - (gap % m < 2 ** b - m ? 1 : 0))));
  }

  const coinBits = (p) => (p >= 1 ? 0 : (-p * Math.log2(p) - (1 - p) * Math.log2(1 - p)) / p);

  /* Bits of one layer in a code: values and distances of weights, and of fillers. */
  function layerBits(gaps, counts, size, code, b) {
    const n = sum(counts);
    if (n === 0) return { values: 0, distances: 0, fillers: 0 };
    const width = Math.ceil(Math.log2(counts.length + 1));
    if (code === "golomb" || code === "coin") {
      const p = n / size;
      return {
        values: code === "golomb" ? huffmanBits(counts) : entropyBits(counts),
        distances: code === "coin" ? coinBits(p) * n
          : p >= 1 ? n : golombBits(gaps, golombParameter(p)),
        fillers: 0,
      };
    }
    const { counts: fields, fillers } = stored(gaps, b);
    if (code === "fixed") return { values: n * width, distances: n * b, fillers: fillers * (b + width) };
    const [values, distances] = [huffmanBits([fillers, ...counts]), huffmanBits(fields)];
    const share = fillers / (n + fillers);
    return {
      values: values * (1 - share), distances: distances * (1 - share),
      fillers: (values + distances) * share,
    };
  }

  /* Bytes of a network: what fills the file. Tables, biases and header are not drawn. */
  function parts(row, place, order, code, b, sizes) {
    const found = { values: 0, distances: 0, fillers: 0, codebooks: 0 };
    row.gaps[order].forEach((gaps, layer) => {
      const counts = row.counts[place][layer];
      const bits = layerBits(gaps, counts, sizes[layer], code, b);
      for (const [name, size] of Object.entries(bits)) found[name] += size / 8;
      found.codebooks += (BITS * counts.length) / 8;
    });
    return found;
  }

  const SIZES = [235200, 30000, 1000];
  const total = (found) => sum(Object.values(found));

  function bestWidth(row, place, order, code) {
    const widths = Array.from({ length: 10 }, (_, i) => i + 1);
    const bytes = widths.map((b) => total(parts(row, place, order, code, b, SIZES)));
    return widths[bytes.indexOf(Math.min(...bytes))];
  }

  window.Explorable.fileParts = {
    bestWidth, coinBits, golombBits, golombParameter, huffmanBits, layerBits, parts, stored,
  };

  /* ---- The figure */

  const COLORS = { values: "--fig-1", distances: "--fig-3", fillers: "--fig-2", codebooks: "--fig-4" };
  const CODES = [["fixed", "fixed fields"], ["huffman", "Huffman"], ["golomb", "Golomb"],
    ["coin", "what a coin asks for"]];

  window.Explorable.register("22-deep-compression", ({ stage, data }) => {
    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const density = slider(controls, {
      label: "Density", min: 0, max: data.rows.length - 1, value: data.start,
      show: (i) => `${format(100 * data.rows[i].density)}%`,
    }, show);
    const shared = slider(controls, {
      label: "Shared values", min: 0, max: data.shared.length - 1, value: 2,
      show: (i) => String(data.shared[i]),
    }, show);
    const width = slider(controls, {
      label: "Bits of a distance", min: 1, max: 10, value: 5, show: String,
    }, show);
    const order = choice(controls, {
      label: "Order", options: [["unit", "unit by unit"], ["input", "input by input"]], value: "unit",
    }, show);
    const code = choice(controls, { label: "Code", options: CODES, value: "fixed" }, show);

    const bars = chart(stage, {
      label: "Bytes by width of a distance, in parts",
      height: (w) => Math.round(Math.min(320, Math.max(240, w * 0.45))),
      draw: drawBars,
    });
    legend(stage, Object.entries(COLORS).map(([name, color]) => ({ name, color, width: 10 })));
    const say = reading(stage);

    function at(b) {
      return parts(data.rows[density.value], shared.value, order.value, code.value, b, SIZES);
    }

    function show() {
      bars.redraw();
      say(inWords());
    }

    /* A bar for each width; the chosen one is strong. All bars are equal where no width is used. */
    function drawBars(self) {
      const { axes, linear } = window.Explorable;
      const all = Array.from({ length: 10 }, (_, i) => at(i + 1));
      const fullest = Math.max(...all.slice(3).map(total), total(at(width.value)));
      const inside = self.inside();
      const x = linear([0.4, 10.6], inside.x);
      const y = linear([0, fullest / 1000], inside.y);
      const half = (x(2) - x(1)) * 0.38;
      const nodes = [];
      all.forEach((found, i) => {
        let from = 0;
        for (const [name, size] of Object.entries(found)) {
          const to = Math.min(from + size, fullest);
          const [top, bottom] = [y(to / 1000), y(Math.min(from, fullest) / 1000)];
          nodes.push(svg("rect", {
            x: x(i + 1) - half, width: 2 * half, y: top, height: Math.max(0, bottom - top),
            style: `fill: var(${COLORS[name]}); opacity: ${i + 1 === width.value ? 1 : 0.35}`,
          }));
          from += size;
        }
      });
      self.svg.replaceChildren(axes(self, x, y, "bits of a distance", "kilobytes"), ...nodes);
    }

    function inWords() {
      const row = data.rows[density.value];
      const found = at(width.value);
      const bytes = total(found);
      const whole = (n) => Math.round(n).toLocaleString("en");
      const usesWidth = code.value === "fixed" || code.value === "huffman";
      const best = bestWidth(row, shared.value, order.value, code.value);
      const pieces = Object.entries(found).map(([name, size]) => `${name} ${whole(size)}`).join(", ");
      return `${whole(bytes)} bytes, ${format(data.full / bytes)} times smaller than in float32: ${pieces}. ${
        usesWidth ? `The best width here is ${best} bits.` : "No width is used."} `
        + `Errors on 5,000 digits: ${row.errors[shared.value].toFixed(2)}% after two passes of pruning, `
        + `${row.once[shared.value].toFixed(2)}% if cut at once. The context coder's whole file takes `
        + `${whole(row.contexts[shared.value])} bytes.`;
    }

    show();
  });
})();
