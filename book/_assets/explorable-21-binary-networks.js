/* Chapter 21: one unit in bits. Its inputs for a digit can be flipped; exclusive or, count, threshold
   and output follow. Below, validation curves of networks trained with other windows.

   Data: { "n": 256, "digits": [[label, bits], ...], "units": [[number, bits, limit], ...],
   "windows": [[width, errors in percent], ...] }, bits as strings of 0 and 1, width 0 for none. The products are
   computed here, and course_lib gives the same numbers. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, reading, slider, svg } =
    window.Explorable;

  const COLUMNS = 32;
  const BLOCKS = ["inputs", "weights", "differ"];
  const STYLES = [["--fig-3", "6 3 1 3"], ["--fig-2", "7 4"], ["--fig-1", "none"],
    ["--fig-4", "2 2"], ["--fig-5", "3 3"], ["--fig-6", "1 3"]];

  /* ---- Arithmetic */

  const parse = (text) => Array.from(text, Number);
  const differ = (a, b) => a.map((bit, j) => bit ^ b[j]);
  const count = (bits) => bits.reduce((sum, bit) => sum + bit, 0);
  const product = (a, b) => a.length - 2 * count(differ(a, b));
  const fires = (differing, limit) => differing <= limit;
  /* The fewest bits that must be flipped to turn the output over. */
  const distance = (differing, limit) => (fires(differing, limit) ? limit - differing + 1
    : differing - limit);

  window.Explorable.binaryUnit = { count, differ, distance, fires, parse, product };

  /* ---- The figure */

  window.Explorable.register("21-binary-networks", ({ stage, data }) => {
    const inputs = data.digits.map(([, bits]) => parse(bits));
    const weights = data.units.map(([, bits]) => parse(bits));
    let flipped = new Set();

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const digit = choice(controls, {
      label: "Digit", options: data.digits.map(([label], i) => [String(i), `a ${label}`]), value: "0",
    }, restore);
    const unit = choice(controls, {
      label: "Unit of the second layer",
      options: data.units.map(([number], i) => [String(i), `number ${number}`]),
      value: "0",
    }, restore);
    const place = slider(controls, {
      label: "Input", min: 1, max: data.n, value: 1, show: (j) => `number ${j}`,
    }, show);
    const flip = html("button", { type: "button" }, "Flip this input");
    const back = html("button", { type: "button" }, "Flip all back");
    controls.append(html("div", { className: "explorable-control" }, flip, back));
    flip.addEventListener("click", () => turn(place.value - 1));
    back.addEventListener("click", restore);

    const bits = chart(stage, {
      label: "Bits of the inputs, of the weights, and where they differ",
      height: (width) => Math.round(cell(width) * 24 + 92),
      draw: drawBits,
    });
    legend(stage, [
      { name: "1 in inputs or weights", color: "--fig-1", width: 10 },
      { name: "differ", color: "--fig-2", width: 10 },
    ]);
    const scale = chart(stage, { label: "Count against limit", height: () => 96, draw: drawScale });

    const below = html("div", { className: "explorable-controls" });
    stage.append(below);
    const window_ = slider(below, {
      label: "Window of the gradient", min: 0, max: data.windows.length - 1, value: 2,
      show: (i) => (data.windows[i][0] === 0 ? "none" : format(data.windows[i][0])),
    }, show);
    const curves = chart(stage, {
      label: "Validation error while the network learns, by window",
      height: (width) => Math.round(Math.min(280, Math.max(210, width * 0.36))),
      draw: drawCurves,
    });
    legend(stage, data.windows.map(([width], i) => ({
      name: width === 0 ? "no window" : `window ${format(width)}`,
      color: STYLES[i][0],
      dash: STYLES[i][1],
    })));
    const say = reading(stage);

    function cell(width) {
      return Math.min(14, (width - 12) / COLUMNS);
    }

    function restore() {
      flipped = new Set();
      show();
    }

    function turn(j) {
      if (flipped.has(j)) flipped.delete(j);
      else flipped.add(j);
      place.value = j + 1;
      show();
    }

    function now() {
      const a = inputs[Number(digit.value)].map((bit, j) => bit ^ (flipped.has(j) ? 1 : 0));
      const b = weights[Number(unit.value)];
      return { a, b, xor: differ(a, b), limit: data.units[Number(unit.value)][2] };
    }

    function show() {
      bits.redraw();
      scale.redraw();
      curves.redraw();
      say(inWords());
    }

    function drawBits(self) {
      const size = cell(self.width);
      const { a, b, xor } = now();
      const parts = [];
      [a, b, xor].forEach((row, block) => {
        const top = block * (8 * size + 30);
        const name = svg("text", { x: 4, y: top + 16 });
        name.textContent = BLOCKS[block];
        parts.push(name);
        row.forEach((bit, j) => {
          const color = block === 2 ? "--fig-2" : "--fig-1";
          const box = svg("rect", {
            x: 4 + (j % COLUMNS) * size, y: top + 22 + Math.floor(j / COLUMNS) * size,
            width: size - 1.5, height: size - 1.5,
            style: `fill: ${bit ? `var(${color})` : "transparent"}; stroke: ${
              j === place.value - 1 ? "var(--fig-ink)" : "var(--fig-grid)"}; stroke-width: ${
              j === place.value - 1 ? 2 : 0.8}; ${block === 0 ? "cursor: pointer" : ""}`,
          });
          if (block === 0) box.addEventListener("click", () => turn(j));
          parts.push(box);
        });
      });
      self.svg.replaceChildren(...parts);
    }

    function drawScale(self) {
      const { xor, limit } = now();
      const inside = self.inside();
      const x = linear([0, data.n], inside.x);
      const y = linear([0, 1], inside.y);
      y.ticks = () => [];
      const at = (value) => [[x(value), y(0)], [x(value), y(1)]];
      self.svg.replaceChildren(
        axes(self, x, y, "bits that differ; the unit fires left of the dashed line", ""),
        svg("rect", {
          x: x(0), width: Math.max(0, x(count(xor)) - x(0)), y: y(0.75), height: y(0.25) - y(0.75),
          style: "fill: var(--fig-2)",
        }),
        line(at(limit + 0.5), "--fig-ink", "4 3", 2),
      );
    }

    function drawCurves(self) {
      const inside = self.inside();
      const most = Math.max(...data.windows.flatMap(([, errors]) => errors.slice(1)));
      const x = linear([0, 3], inside.x);
      const y = linear([0, Math.ceil(most)], inside.y);
      const path = (errors) => errors.map((error, i) => [x((3 * (i + 1)) / errors.length),
        Math.max(inside.y[1], y(error))]);
      self.svg.replaceChildren(
        axes(self, x, y, "passes over 20,000 digits", "validation error, %"),
        ...data.windows.map(([, errors], i) => line(path(errors), STYLES[i][0], STYLES[i][1],
          i === window_.value ? 3.5 : 1.2)),
      );
    }

    function inWords() {
      const { a, b, xor, limit } = now();
      const c = count(xor);
      const [width, errors] = data.windows[window_.value];
      const output = fires(c, limit) ? "+1" : "−1";
      return `${c} of ${data.n} bits differ, so z = ${data.n} − 2 · ${c} = ${
        format(product(a, b)).replace("-", "−")}. The unit fires while at most ${limit} differ: its output is ${
        output}. Flips at the right places that would turn it over: ${distance(c, limit)}; each changes z by 2. ${
        flipped.size} inputs are flipped. With ${width === 0 ? "no window" : `a window of ${format(width)}`
      } the network ends with a validation error of ${errors[errors.length - 1].toFixed(1)}%.`;
    }

    show();
  });
})();
