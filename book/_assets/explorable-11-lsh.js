/* Chapter 11: cut signatures into bands, and see the S-curve, the candidates, the misses, how far
   single draws wander from the mean, and which neighbors of one license the bands find.

   Data: { "pairs": [...] pairs by similarity in 100 bins, "means": the mean similarity in each,
   "fine": the same with each of the 20 bins in 40 parts, narrow at its lower end, for sums,
   "bins": pairs in 20 bins, "cuts": for each number of rows what 50 draws gave, by bands,
   "asks": licenses with their closest ones and the columns in which signatures agree,
   "hashes", "seeds", "similar", "near" }. */
(function () {
  "use strict";

  const { axes, chart, choice, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const chance = (similarity, bands, rows) => 1 - (1 - similarity ** rows) ** bands;

  /* Mean number of candidates, and of missed similar pairs as far as bins tell. */
  function expected({ pairs, means, similar }, bands, rows) {
    let [candidates, missed] = [0, 0];
    pairs.forEach((count, bin) => {
      const p = chance(means[bin], bands, rows);
      candidates += count * p;
      if (means[bin] >= similar) missed += count * (1 - p);
    });
    return { candidates, missed };
  }

  /* The bands in which all rows agree; `agree` is a string of zeros and ones, one a column. */
  function agreeing(agree, bands, rows) {
    const found = [];
    for (let band = 0; band < bands; band += 1) {
      const columns = agree.slice(band * rows, (band + 1) * rows);
      if (columns.length === rows && !columns.includes("0")) found.push(band);
    }
    return found;
  }

  /* Where the curve is as high as the pairs of one of so many bins are on average. */
  function middle({ pairs, means }, bin, bins, bands, rows) {
    const parts = pairs.length / bins;
    let [total, missed] = [0, 0];
    for (let i = bin * parts; i < (bin + 1) * parts; i += 1) {
      total += pairs[i];
      missed += pairs[i] * (1 - means[i] ** rows) ** bands;
    }
    return (1 - (missed / total) ** (1 / bands)) ** (1 / rows);
  }

  window.Explorable.lsh = { agreeing, chance, expected, middle };

  /* ---- The figure */

  window.Explorable.register("11-lsh", ({ stage, data }) => {
    const total = data.pairs.reduce((a, b) => a + b, 0);
    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const rows = slider(controls, {
      label: "Rows of a band, r", min: 1, max: data.cuts.length, value: 5,
    }, () => draw());
    let wanted = 25; // comes back when rows that left no room for it are taken away again
    const bands = slider(controls, {
      label: "Bands, b", min: 1, max: data.hashes, value: wanted,
    }, (b) => { wanted = b; draw(); });
    const ask = choice(controls, {
      label: "Ask for the neighbors of", value: "0",
      options: data.asks.map(({ name }, i) => [String(i), name]),
    }, () => draw());

    /* The slider ends where the signature has no room for more bands. */
    function makeRoom() {
      const most = Math.floor(data.hashes / rows.value);
      bands.max = most;
      bands.value = Math.min(wanted, most);
    }
    const cut = () => ({ r: rows.value, b: bands.value });
    const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

    const height = (width) => Math.round(Math.min(300, Math.max(220, width * 0.38)));
    const above = chart(stage, {
      label: "Share of pairs that become candidates, by similarity: the curve and single draws.",
      height, draw: drawCurve,
    });
    const below = chart(stage, {
      label: "Number of pairs by similarity, and how many of them become candidates.",
      height, draw: drawPairs,
    });
    legend(stage, [
      { name: "the S-curve; candidates on average", color: "--fig-2", width: 3 },
      { name: `${data.seeds} draws, least to most`, color: "--fig-1", width: 5 },
      { name: "all pairs of licenses", color: "--fig-6", width: 2, dash: "2 3" },
    ]);
    const list = html("ol", { className: "explorable-list" });
    const caption = html("p", {});
    stage.append(caption, list);
    const say = reading(stage);

    function draws() {
      const { r, b } = cut();
      const row = data.cuts[r - 1];
      return Object.fromEntries(Object.entries(row).filter(([key]) => key !== "n_rows")
        .map(([key, values]) => [key, values[b - 1]]));
    }

    function neighbors() {
      const { r, b } = cut();
      const { name, others, similarity, agree } = data.asks[Number(ask.value)];
      return others.map((other, i) => ({
        name, other, similarity: similarity[i], bands: agreeing(agree[i], b, r),
        columns: [...agree[i].slice(0, r * b)].filter((bit) => bit === "1").length,
      }));
    }

    function drawList() {
      const { r, b } = cut();
      const found = neighbors();
      caption.textContent = `The closest texts to ${found[0].name}, with one draw of the functions:`;
      list.replaceChildren(...found.map(({ other, similarity, columns, bands: which }) => {
        const where = which.length
          ? `found: agrees in ${which.length} of ${b} bands, first in band ${which[0] + 1}`
          : `not a candidate: ${columns} of ${r * b} columns agree, but no whole band`;
        return html("li", {}, `${other}, similarity ${similarity.toFixed(2)}: ${where}`);
      }));
    }

    function inWords() {
      const { r, b } = cut();
      const { candidates } = expected(data.fine, b, r);
      const seen = draws();
      const found = neighbors();
      const count = (value) => Math.round(value).toLocaleString("en-US");
      return `${counted(b, "band")} of ${counted(r, "row")}, ${b * r} of ${data.hashes} functions. Candidates: `
        + `${count(candidates)} of ${count(total)} pairs by the theorem, `
        + `${(100 * candidates / total).toPrecision(2)}%; in ${data.seeds} draws from `
        + `${count(seen.least)} to ${count(seen.most)}, ${count(seen.mean)} on average. Of `
        + `${data.near} pairs with a similarity of ${data.similar} or more, ${seen.missed_mean} are `
        + `missed on average, at worst ${seen.missed_most}. Of the ${found.length} closest texts to `
        + `${found[0].name} the bands find ${found.filter((f) => f.bands.length).length}.`;
    }

    function drawCurve(self) {
      const { r, b } = cut();
      const inside = self.inside();
      const [x, y] = [linear([0, 1], inside.x), linear([0, 1], inside.y)];
      const seen = draws();
      const curve = Array.from({ length: 101 }, (_, i) => [x(i / 100), y(chance(i / 100, b, r))]);
      const bars = data.bins.map((size, bin) => {
        const at = x(middle(data.fine, bin, data.bins.length, b, r));
        return line([[at, y(seen.bin_least[bin] / size)], [at, y(seen.bin_most[bin] / size) - 1]],
          "--fig-1", "none", 5);
      });
      self.svg.replaceChildren(
        axes(self, x, y, "Jaccard similarity of a pair", "share of candidates"),
        ...bars,
        line([[x(data.similar), y(0)], [x(data.similar), y(1)]], "--fig-ink", "1 3", 1),
        line(curve, "--fig-2", "none", 3),
      );
    }

    function drawPairs(self) {
      const { r, b } = cut();
      const inside = self.inside();
      const [x, y] = [linear([0, 1], inside.x), log([0.5, 3e5], inside.y)];
      const at = (value) => y(Math.max(0.5, value));
      const steps = data.pairs.length;
      const stairs = (values) => values.flatMap((value, bin) =>
        [[x(bin / steps), at(value)], [x((bin + 1) / steps), at(value)]]);
      const chosen = data.pairs.map((count, bin) => count * chance(data.means[bin], b, r));
      const area = stairs(chosen);
      const path = `M${inside.x[0]} ${inside.y[0]}${area.map(([px, py]) =>
        `L${px.toFixed(1)} ${py.toFixed(1)}`).join("")}L${inside.x[1]} ${inside.y[0]}Z`;
      self.svg.replaceChildren(
        axes(self, x, y, "Jaccard similarity of a pair", "pairs in a hundredth"),
        svg("path", { d: path, style: "fill: var(--fig-2); opacity: 0.35" }),
        line(area, "--fig-2", "none", 1.5),
        line(stairs(data.pairs), "--fig-6", "2 3", 1.5),
      );
    }

    function draw() {
      makeRoom();
      above.redraw();
      below.redraw();
      drawList();
      say(inWords());
    }

    draw();
  });
})();
