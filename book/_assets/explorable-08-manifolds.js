/* Chapter 08: one thousand digits, mapped at many settings, with the trust of each point. Choose a
   point and see where its true neighbors went.

   The maps were made beforehand; trust is computed here, from the same whole numbers as they were,
   for any number of neighbors.

   Data: { labels, size: n, width: d, points: n x d int8, maps: [{ method, setting, places: n x 2
   uint16 }] }; arrays are base64, little-endian. */
(function () {
  "use strict";

  const { bytes, chart, choice, format, html, legend, nearest, reading, slider, svg } = window.Explorable;

  const MOST = 50; // neighbors that trust can be asked about
  const CLASSES = ["var(--fig-1)", "var(--fig-2)", "var(--fig-3)", "var(--fig-4)", "var(--fig-5)",
    "var(--fig-6)", "#c23b4a", "#1f9bb0", "#7d5fd3", "#7c9a1d"];
  const DIAL = { "t-SNE": "perplexity" };
  const LOW = 0.7; // trust that is drawn in full orange

  /* ---- Arithmetic */

  /* Squared distances (n x n) of the rows of an (n x d) array. */
  function squaredDistances(points, n, d) {
    const all = new Float64Array(n * n);
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < i; j += 1) {
        let sum = 0;
        for (let a = 0; a < d; a += 1) sum += (points[i * d + a] - points[j * d + a]) ** 2;
        all[i * n + j] = sum;
        all[j * n + i] = sum;
      }
    }
    return all;
  }

  /* The `count` nearest others of each point, nearest first: (n x count) indices. */
  function neighbors(distances, n, count) {
    const found = new Int32Array(n * count);
    for (let i = 0; i < n; i += 1) {
      const kept = nearest(count);
      for (let j = 0; j < n; j += 1) if (j !== i) kept.see(distances[i * n + j], j);
      found.set(kept.names, i * count);
    }
    return found;
  }

  /* Each row of distances to others, sorted: the rank of a distance is how many are shorter, + 1. */
  function sortedRows(distances, n) {
    return Array.from({ length: n }, (_, i) => {
      const row = distances.slice(i * n, (i + 1) * n);
      row[i] = -1;
      return row.sort();
    });
  }

  function rank(row, distance) {
    let [low, high] = [0, row.length]; // row[0] is the point itself
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row[middle] < distance) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /* Trust of each point: 1 less what the ranks of its r nearest on the map exceed r by. */
  function trust(distances, rows, onMap, n, stride, r) {
    const worst = (r * (2 * n - 3 * r - 1)) / 2;
    return Float64Array.from({ length: n }, (_, i) => {
      let excess = 0;
      for (let slot = 0; slot < r; slot += 1) {
        const other = onMap[i * stride + slot];
        excess += Math.max(0, rank(rows[i], distances[i * n + other]) - r);
      }
      return 1 - excess / worst;
    });
  }

  window.Explorable.manifolds = { bytes, neighbors, rank, sortedRows, squaredDistances, trust };

  /* ---- The figure */

  window.Explorable.register("08-manifolds", ({ stage, data }) => {
    const n = data.size;
    const distances = squaredDistances(new Int8Array(bytes(data.points)), n, data.width);
    const rows = sortedRows(distances, n);
    const inData = neighbors(distances, n, MOST);
    const maps = data.maps.map((map) => ({ ...map, places: new Uint16Array(bytes(map.places)) }));
    const methods = [...new Set(maps.map((map) => map.method))];
    const of = (method) => maps.filter((map) => map.method === method);
    const state = { map: null, trust: null, point: 0 };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const method = choice(controls, {
      label: "Method", options: methods.map((name) => [name, name]), value: methods[0],
    }, takeMethod);
    const settings = () => of(method.value);
    const setting = slider(controls, {
      label: "Perplexity", min: 0, max: of(methods[0]).length - 1, value: 4,
      show: (i) => String(settings()[Math.min(i, settings().length - 1)].setting),
    }, takeMap);
    const r = slider(controls, { label: "Neighbors asked", min: 1, max: MOST, value: 10 }, count);
    const color = choice(controls, {
      label: "Color", options: [["trust", "trust"], ["label", "digit"]], value: "trust",
    }, () => {
      for (const key of trustKeys) key.style.display = color.value === "trust" ? "" : "none";
      picture.redraw();
    });
    const point = slider(controls, { label: "Point", min: 0, max: n - 1, value: 0 }, choose);
    const worst = html("button", { type: "button" }, "Least trusted point");
    controls.append(html("div", { className: "explorable-control" }, worst));
    worst.addEventListener("click", () => choose(state.trust.indexOf(Math.min(...state.trust))));

    const picture = chart(stage, {
      label: "Map of one thousand digits; the slider Point chooses one of them.",
      height: (width) => Math.round(Math.min(560, Math.max(300, width * 0.8))),
      draw,
    });
    Object.assign(picture.margin, { top: 12, right: 12, bottom: 12, left: 12 });
    const lines = svg("g", { "aria-hidden": "true" });
    const marks = Array.from({ length: n }, (_, i) => {
      const mark = svg("text", { "text-anchor": "middle", "dominant-baseline": "central" },
        String(data.labels[i]));
      mark.addEventListener("click", () => choose(i));
      return mark;
    });
    const cloud = svg("g", { "aria-hidden": "true" });
    cloud.append(...marks);
    const ring = svg("circle", {
      r: 9, "aria-hidden": "true", fill: "none", style: "stroke: var(--fig-ink); stroke-width: 2",
    });
    picture.svg.append(lines, cloud, ring);
    legend(stage, [
      { name: "trust 1", color: "--fig-1", width: 10 },
      { name: `trust ${LOW} or less`, color: "--fig-2", width: 10 },
      { name: "to a true neighbor of the point", color: "--fig-ink", width: 1.5 },
    ]);
    const trustKeys = [...stage.querySelectorAll(".explorable-legend li")].slice(0, 2);
    const say = reading(stage);

    function takeMethod() {
      const name = DIAL[method.value] || "neighbors";
      setting.rename(name[0].toUpperCase() + name.slice(1));
      setting.max = settings().length - 1;
      setting.value = Math.min(setting.value, settings().length - 1);
      takeMap();
    }

    function takeMap() {
      const map = settings()[setting.value];
      if (!map.onMap) map.onMap = neighbors(squaredDistances(map.places, n, 2), n, MOST);
      state.map = map;
      count();
    }

    function count() {
      state.trust = trust(distances, rows, state.map.onMap, n, MOST, r.value);
      picture.redraw();
      say(inWords());
    }

    function choose(i) {
      state.point = i;
      point.value = i;
      picture.redraw();
      say(inWords());
    }

    const shown = (found, i) => found.subarray(i * MOST, i * MOST + r.value);

    function inWords() {
      const { map, point: i } = state;
      const mean = state.trust.reduce((sum, value) => sum + value, 0) / n;
      const low = state.trust.filter((value) => value < 0.9).length;
      const mine = new Set(shown(inData, i));
      const kept = shown(map.onMap, i).filter((j) => mine.has(j)).length;
      return `${map.method}, ${DIAL[map.method] || "neighbors"} ${map.setting}: mean trust `
        + `${mean.toFixed(3)}, ${low} of ${n} points below 0.9, the least `
        + `${Math.min(...state.trust).toFixed(2)}. Point ${i}, a ${data.labels[i]}: trust `
        + `${state.trust[i].toFixed(2)}; ${kept} of its ${format(r.value)} nearest on the map are `
        + `among its ${format(r.value)} nearest in the data.`;
    }

    function paint(i) {
      if (color.value === "label") return CLASSES[data.labels[i]];
      const share = Math.round(100 * Math.max(0, Math.min(1, (state.trust[i] - LOW) / (1 - LOW))));
      return `color-mix(in oklab, var(--fig-1) ${share}%, var(--fig-2))`;
    }

    function draw(self) {
      const { x: [left, right], y: [bottom, top] } = self.inside();
      const { places } = state.map;
      const [wide, high] = [0, 1].map((axis) => {
        let most = 1;
        for (let i = axis; i < 2 * n; i += 2) most = Math.max(most, places[i]);
        return most;
      });
      const scale = Math.min((right - left) / wide, (bottom - top) / high);
      const x = (i) => (left + right - scale * wide) / 2 + scale * places[2 * i];
      const y = (i) => (top + bottom + scale * high) / 2 - scale * places[2 * i + 1];
      const size = self.width < 500 ? 8 : 10;
      marks.forEach((mark, i) => {
        mark.setAttribute("x", x(i).toFixed(1));
        mark.setAttribute("y", y(i).toFixed(1));
        mark.setAttribute("style", `fill: ${paint(i)}; font-size: ${size}px; cursor: pointer`);
      });
      const i = state.point;
      lines.replaceChildren(...Array.from(shown(inData, i), (j) => svg("line", {
        x1: x(i), y1: y(i), x2: x(j), y2: y(j),
        style: "stroke: var(--fig-ink); stroke-width: 1; opacity: 0.6",
      })));
      ring.setAttribute("cx", x(i));
      ring.setAttribute("cy", y(i));
    }

    takeMethod();
  });
})();
