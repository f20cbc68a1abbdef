/* Chapter 10: ask digits and words for their ten nearest, by a kd-tree or a forest; see which
   points are compared, in which order, and what recall costs.

   The kd-tree and its search are those of course_lib.trees (widest coordinate, median, depth
   first); the forest cuts halfway between two means, and has one queue.

   Data: { size: n, width: d, collections: [{ name, labels, points: n x d int8, and for digits
   pictures: 784 x d int8, mean: 784 int8, scale: their three units }] }; arrays are base64. */
(function () {
  "use strict";

  const {
    axes, bytes, chart, choice, html, legend, line, linear, log, nearest, normals, reading,
    slider, svg,
  } = window.Explorable;

  const K = 10;
  const LEAF = 10; // points in a leaf, at most
  const TREES = 5;
  const COORDINATES = [2, 3, 5, 10, 20, 50];
  const EPSILONS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];
  const BUDGETS = [20, 40, 80, 120, 160, 240, 320, 480, 640];
  const ASKED = 30; // points that the curves are averaged over

  /* ---- Arithmetic */

  function squared(points, d, i, q) {
    let sum = 0;
    for (let c = 0; c < d; c += 1) sum += (points[i * d + c] - q[c]) ** 2;
    return sum;
  }

  /* The first d of `width` coordinates, turned by the orthonormal rows of `turn` if given. */
  function taken(points, n, width, d, turn) {
    const out = new Float64Array(n * d);
    for (let i = 0; i < n; i += 1) {
      for (let c = 0; c < d; c += 1) {
        if (!turn) out[i * d + c] = points[i * width + c];
        else for (let a = 0; a < d; a += 1) out[i * d + c] += turn[c][a] * points[i * width + a];
      }
    }
    return out;
  }

  function rotation(d, seed) {
    const normal = normals(seed);
    const rows = [];
    while (rows.length < d) {
      const row = Array.from({ length: d }, normal);
      for (const other of rows) {
        const along = row.reduce((sum, x, c) => sum + x * other[c], 0);
        for (let c = 0; c < d; c += 1) row[c] -= along * other[c];
      }
      const length = Math.hypot(...row);
      rows.push(row.map((x) => x / length));
    }
    return rows;
  }

  function bruteForce(points, n, d, q, k) {
    const found = nearest(k);
    for (let i = 0; i < n; i += 1) found.see(squared(points, d, i, q), i);
    return found;
  }

  function kdTree(points, n, d, leafSize) {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    const grow = (a, b) => {
      if (b - a <= leafSize) return { a, b };
      let [axis, widest] = [0, -1];
      for (let c = 0; c < d; c += 1) {
        let [low, high] = [Infinity, -Infinity];
        for (let t = a; t < b; t += 1) {
          const x = points[order[t] * d + c];
          if (x < low) low = x;
          if (x > high) high = x;
        }
        if (high - low > widest) [axis, widest] = [c, high - low];
      }
      if (widest === 0) return { a, b };
      const at = (t) => points[order[t] * d + axis];
      order.subarray(a, b).sort((i, j) => points[i * d + axis] - points[j * d + axis]);
      const middle = (a + b) >> 1;
      const [low, high] = [at(middle - 1), at(middle)];
      return { a, b, axis, low, high, left: grow(a, middle), right: grow(middle, b) };
    };
    return { order, root: grow(0, n) };
  }

  /* Depth first; a side is left out if (1 + epsilon) times its distance is too far. */
  function kdSearch(tree, points, d, q, k, epsilon) {
    const factor = (1 + epsilon) ** 2;
    const found = nearest(k);
    const offsets = new Float64Array(d);
    const leaves = [];
    const visit = (node, bound) => {
      if (!node.left) {
        const members = tree.order.subarray(node.a, node.b);
        for (const i of members) found.see(squared(points, d, i, q), i);
        leaves.push({ node, members });
        return;
      }
      const c = node.axis;
      const [pastLow, beforeHigh] = [q[c] - node.low, node.high - q[c]];
      const goesLeft = pastLow < beforeHigh;
      const offset = Math.max(pastLow, beforeHigh);
      visit(goesLeft ? node.left : node.right, bound);
      const beyond = bound - offsets[c] ** 2 + offset ** 2;
      if (factor * beyond >= found.best[k - 1]) return;
      const before = offsets[c];
      offsets[c] = offset;
      visit(goesLeft ? node.right : node.left, beyond);
      offsets[c] = before;
    };
    visit(tree.root, 0);
    return { found, leaves, compared: leaves.reduce((sum, leaf) => sum + leaf.members.length, 0) };
  }

  /* Trees whose cuts lie halfway between two means. */
  function growForest(points, n, d, leafSize, trees, seed) {
    const normal = normals(seed);
    const uniform = () => Math.abs(normal() * 1e4) % 1;
    const row = (i) => Array.from(points.subarray(i * d, (i + 1) * d));
    const grow = (members) => {
      if (members.length <= leafSize) return { members };
      const ends = [0, 1].map(() => row(members[Math.floor(uniform() * members.length)]));
      const sums = ends.map((end) => ({ count: 1, sum: [...end] }));
      for (const i of members) {
        const side = squared(points, d, i, ends[0]) < squared(points, d, i, ends[1]) ? 0 : 1;
        sums[side].count += 1;
        for (let c = 0; c < d; c += 1) sums[side].sum[c] += points[i * d + c];
      }
      const [one, other] = sums.map(({ count, sum }) => sum.map((x) => x / count));
      let across = other.map((x, c) => x - one[c]);
      let length = Math.hypot(...across);
      if (length === 0) {
        across = across.map(() => normal());
        length = Math.hypot(...across);
      }
      across = across.map((x) => x / length);
      const height = (i) => across.reduce((sum, x, c) => sum + x * points[i * d + c], 0);
      let cut = across.reduce((sum, x, c) => sum + (x * (one[c] + other[c])) / 2, 0);
      let left = members.filter((i) => height(i) < cut);
      if (Math.min(left.length, members.length - left.length) < 0.05 * members.length) {
        const sorted = members.map(height).sort((x, y) => x - y);
        cut = sorted[sorted.length >> 1];
        left = members.filter((i) => height(i) < cut);
      }
      if (left.length === 0 || left.length === members.length) return { members };
      const right = members.filter((i) => height(i) >= cut);
      return { across, cut, left: grow(left), right: grow(right) };
    };
    const all = Array.from({ length: n }, (_, i) => i);
    return Array.from({ length: trees }, () => grow(all));
  }

  /* One queue over all trees; no cell is opened after `budget` points, if k were found. */
  function forestSearch(forest, points, d, q, k, budget) {
    const queue = forest.map((node) => ({ key: -1, node }));
    const found = nearest(k);
    const seen = new Set();
    const leaves = [];
    let projections = 0;
    while (queue.length > 0) {
      let first = 0;
      for (let i = 1; i < queue.length; i += 1) if (queue[i].key < queue[first].key) first = i;
      let { key, node } = queue[first];
      if (key >= 0 && seen.size >= budget && found.best[k - 1] < Infinity) break;
      queue.splice(first, 1);
      key = Math.max(key, 0);
      while (node.left) {
        const height = node.across.reduce((sum, x, c) => sum + x * q[c], 0) - node.cut;
        projections += 1;
        const [near, far] = height >= 0 ? [node.right, node.left] : [node.left, node.right];
        queue.push({ key: Math.max(key, Math.abs(height)), node: far });
        node = near;
      }
      const members = node.members.filter((i) => !seen.has(i));
      for (const i of members) {
        seen.add(i);
        found.see(squared(points, d, i, q), i);
      }
      leaves.push({ node, members });
    }
    return { found, leaves, compared: seen.size, projections };
  }

  /* Share of the found that are as near as the k-th of the truth. */
  function recall(found, truth) {
    const far = truth.best[truth.best.length - 1] * (1 + 1e-12);
    return found.best.filter((square) => square <= far).length / truth.best.length;
  }

  window.Explorable.trees = {
    bruteForce, bytes, forestSearch, growForest, kdSearch, kdTree, recall, rotation, taken,
  };

  /* ---- The figure */

  window.Explorable.register("10-trees", ({ stage, data }) => {
    const n = data.size;
    const sets = data.collections.map((set) => ({ ...set, raw: new Int8Array(bytes(set.points)) }));
    const state = { turned: false, point: 0 };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const collection = choice(controls, {
      label: "Collection", options: sets.map((set, i) => [String(i), set.name]), value: "1",
    }, takeSet);
    const asked = html("input", { type: "search", autocomplete: "off" });
    asked.id = "explorable-trees-ask";
    asked.setAttribute("list", "explorable-trees-words");
    const words = html("datalist", { id: "explorable-trees-words" });
    const unknown = html("p", { id: "explorable-trees-unknown", role: "status" });
    unknown.style.margin = "0.45rem 0 0"; // clear of the outline of the focus
    asked.setAttribute("aria-describedby", unknown.id);
    const askBox = html("div", { className: "explorable-control" },
      html("label", { htmlFor: asked.id }, html("span", {}, "Ask for a word")), asked, words,
      unknown);
    controls.append(askBox);
    const point = slider(controls, { label: "Point", min: 0, max: n - 1, value: 0 }, choose);
    const coordinates = slider(controls, {
      label: "Coordinates", min: 0, max: COORDINATES.length - 1, value: 0,
      show: (i) => String(COORDINATES[i]),
    }, build);
    const index = choice(controls, {
      label: "Index", options: [["kd", "kd-tree"], ["forest", "forest"]], value: "kd",
    }, takeIndex);
    const knob = slider(controls, {
      label: "Error allowed (epsilon)", min: 0, max: EPSILONS.length - 1, value: 0,
      show: (i) => String((state.kd === false ? BUDGETS : EPSILONS)[i]),
    }, search);
    const opened = slider(controls, { label: "Leaves opened", min: 1, max: 1, value: 1 }, redraw);
    const rotate = html("button", { type: "button" }, "Rotate the data");
    rotate.setAttribute("aria-pressed", "false");
    controls.append(html("div", { className: "explorable-control" }, rotate));
    rotate.addEventListener("click", () => {
      state.turned = !state.turned;
      rotate.setAttribute("aria-pressed", String(state.turned));
      rotate.textContent = state.turned ? "Rotate back" : "Rotate the data";
      build();
    });
    asked.addEventListener("input", () => ask(false));
    asked.addEventListener("change", () => ask(true));

    const map = chart(stage, {
      label: "Map of the points; the slider Point, or a click, chooses the one that is asked.",
      height: (width) => Math.round(Math.min(460, Math.max(280, width * 0.66))),
      draw: drawMap,
    });
    Object.assign(map.margin, { top: 10, right: 10, bottom: 10, left: 10 });
    const boxes = svg("g", { "aria-hidden": "true" });
    const dots = Array.from({ length: n }, () => svg("circle", { r: 1.6 }));
    const cloud = svg("g", { "aria-hidden": "true" });
    cloud.append(...dots);
    const marks = svg("g", { "aria-hidden": "true" });
    map.svg.append(boxes, cloud, marks);
    const pick = (event) => {
      const box = map.svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * map.width;
      const y = ((event.clientY - box.top) / box.height) * map.height;
      let [at, least] = [0, Infinity];
      for (let i = 0; i < n; i += 1) {
        const far = (state.x(i) - x) ** 2 + (state.y(i) - y) ** 2;
        if (far < least) [at, least] = [i, far];
      }
      if (at !== state.point) choose(at);
    };
    map.svg.addEventListener("pointerdown", pick);
    map.svg.addEventListener("pointermove", (event) => { if (event.buttons) pick(event); });
    legend(stage, [
      { name: "compared", color: "--fig-1", width: 8 },
      { name: "not compared", color: "--fig-grid", width: 8 },
      { name: "true neighbor", color: "--fig-ink", width: 2 },
      { name: "found", color: "--fig-2", width: 8 },
    ]);
    const pictures = html("p", { className: "explorable-pictures" });
    stage.append(pictures);
    const curve = chart(stage, {
      label: "What recall costs: recall against the share of points compared, means of 30 points.",
      height: (width) => Math.round(Math.min(260, Math.max(190, width * 0.36))),
      draw: drawCurve,
    });
    const lines = svg("g", { "aria-hidden": "true" });
    curve.svg.append(lines);
    legend(stage, [
      { name: "kd-tree, by epsilon", color: "--fig-1" },
      { name: "forest, by budget", color: "--fig-3", dash: "6 3" },
    ]);
    const say = reading(stage);

    function takeSet() {
      state.set = sets[Number(collection.value)];
      askBox.style.display = state.set.pictures ? "none" : "";
      complain(false);
      words.replaceChildren(...(state.set.pictures ? [] : state.set.labels.map(
        (value) => html("option", { value }))));
      build();
    }

    function takeIndex() {
      state.kd = index.value === "kd";
      knob.rename(state.kd ? "Error allowed (epsilon)" : "Budget, points");
      knob.value = state.kd ? 0 : 4;
      search();
    }

    function build() {
      const d = COORDINATES[coordinates.value];
      const turn = state.turned ? rotation(d, 7) : null;
      const points = taken(state.set.raw, n, data.width, d, turn);
      Object.assign(state, {
        d, points, kd: index.value === "kd", tree: kdTree(points, n, d, LEAF),
        forest: growForest(points, n, d, LEAF, TREES, 1),
      });
      const queries = Array.from({ length: ASKED }, (_, i) => row(i * Math.floor(n / ASKED)));
      const truths = queries.map((q) => bruteForce(points, n, d, q, K + 1));
      const mean = (run) => {
        const all = queries.map((q, i) => {
          const got = run(q);
          return [got.compared / n, recall(got.found, truths[i])];
        });
        return [0, 1].map((part) => all.reduce((sum, pair) => sum + pair[part], 0) / ASKED);
      };
      state.curves = [
        EPSILONS.map((e) => mean((q) => kdSearch(state.tree, points, d, q, K + 1, e))),
        BUDGETS.map((b) => mean((q) => forestSearch(state.forest, points, d, q, K + 1, b))),
      ];
      search();
    }

    function row(i) {
      return Array.from(state.points.subarray(i * state.d, (i + 1) * state.d));
    }

    /* Ask for what was typed; until it is `whole`, the beginning of a word is no mistake. */
    function ask(whole) {
      const word = asked.value.trim().toLowerCase();
      const { labels } = state.set;
      const at = labels.indexOf(word);
      if (at >= 0) choose(at);
      else complain(whole ? word !== "" : !labels.some((label) => label.startsWith(word)));
    }

    function complain(wrong) {
      asked.setAttribute("aria-invalid", String(wrong));
      unknown.textContent = wrong ? `“${asked.value.trim()}” is not among the ${n} words shown; `
        + `the figure still shows the neighbors of ${state.set.labels[state.point]}.` : "";
    }

    function choose(i) {
      complain(false);
      state.point = i;
      point.value = i;
      search();
    }

    function search() {
      const { points, d } = state;
      const q = row(state.point);
      state.truth = bruteForce(points, n, d, q, K + 1);
      state.got = state.kd
        ? kdSearch(state.tree, points, d, q, K + 1, EPSILONS[knob.value])
        : forestSearch(state.forest, points, d, q, K + 1, BUDGETS[knob.value]);
      opened.max = state.got.leaves.length;
      opened.value = state.got.leaves.length;
      redraw();
    }

    function redraw() {
      const found = nearest(K + 1);
      const compared = new Set();
      const q = row(state.point);
      for (const { members } of state.got.leaves.slice(0, opened.value)) {
        for (const i of members) {
          compared.add(i);
          found.see(squared(state.points, state.d, i, q), i);
        }
      }
      Object.assign(state, { now: found, compared });
      map.redraw();
      curve.redraw();
      drawNeighbors();
      say(inWords());
    }

    const others = (names) => Array.from(names).filter((i) => i >= 0 && i !== state.point);

    function inWords() {
      const { set, now, truth, compared, got } = state;
      const far = Math.sqrt(truth.best[K]);
      const list = others(now.names).slice(0, K).map((i) => set.labels[i]).join(", ");
      const right = Math.round(recall(now, truth) * (K + 1)) - 1;
      const how = state.kd ? `kd-tree, epsilon ${EPSILONS[knob.value]}`
        : `forest, budget ${BUDGETS[knob.value]}`;
      const worst = Math.sqrt(now.best[K]) / far;
      return `${set.name}, ${state.d} coordinates${state.turned ? ", rotated" : ""}, ${how}: `
        + `${compared.size} of ${n} points compared in ${opened.value} of `
        + `${got.leaves.length} leaves; `
        + `${Math.max(0, right)} of the 10 nearest found`
        + `${worst < Infinity ? `, the last at ${worst.toFixed(2)} times the true distance` : ""}. `
        + `Near ${set.pictures ? `point ${state.point}, a ${set.labels[state.point]}`
          : set.labels[state.point]}: ${list}.`;
    }

    function picture(i) {
      const { set } = state;
      const comps = set.comps || (set.comps = new Int8Array(bytes(set.pictures)));
      const mean = set.gray || (set.gray = new Int8Array(bytes(set.mean)));
      const [x, c, m] = set.scale.map((unit) => unit / 127);
      const canvas = html("canvas", { width: 28, height: 28, title: set.labels[i] });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `a ${set.labels[i]}`);
      canvas.style.cssText = "width: 2.6rem; margin: 0 0.15rem; border-radius: 3px";
      const context = canvas.getContext("2d");
      const image = context.createImageData(28, 28);
      for (let p = 0; p < 784; p += 1) {
        let gray = mean[p] * m;
        for (let a = 0; a < data.width; a += 1) {
          gray += comps[p * data.width + a] * c * set.raw[i * data.width + a] * x;
        }
        const shade = 255 - Math.max(0, Math.min(255, gray));
        image.data.set([shade, shade, shade, 255], 4 * p);
      }
      context.putImageData(image, 0, 0);
      return canvas;
    }

    function drawNeighbors() {
      pictures.style.display = state.set.pictures ? "" : "none";
      if (!state.set.pictures) return;
      pictures.replaceChildren("asked: ", picture(state.point), " found: ",
        ...others(state.now.names).slice(0, K).map(picture));
    }

    function drawMap(self) {
      if (!state.points) return;
      const { x: [left, right], y: [bottom, top] } = self.inside();
      const flat = state.d === 2;
      const place = (i, c) => (flat ? state.points[2 * i + c] : state.set.raw[data.width * i + c]);
      const ends = [0, 1].map((c) => {
        let [low, high] = [Infinity, -Infinity];
        for (let i = 0; i < n; i += 1) {
          low = Math.min(low, place(i, c));
          high = Math.max(high, place(i, c));
        }
        return [low, high];
      });
      const scale = Math.min((right - left) / (ends[0][1] - ends[0][0]),
        (bottom - top) / (ends[1][1] - ends[1][0]));
      const middle = ends.map(([low, high]) => (low + high) / 2);
      const toX = (value) => (left + right) / 2 + scale * (value - middle[0]);
      const toY = (value) => (top + bottom) / 2 - scale * (value - middle[1]);
      state.x = (i) => toX(place(i, 0));
      state.y = (i) => toY(place(i, 1));
      dots.forEach((dot, i) => {
        dot.setAttribute("cx", state.x(i).toFixed(1));
        dot.setAttribute("cy", state.y(i).toFixed(1));
        dot.setAttribute("style", `fill: var(${state.compared.has(i) ? "--fig-1" : "--fig-grid"})`);
      });
      const truth = new Set(others(state.truth.names));
      const ring = (i, r, look) => svg("circle", {
        cx: state.x(i), cy: state.y(i), r, style: `fill: none; ${look}`,
      });
      const found = others(state.now.names).slice(0, K);
      marks.replaceChildren(
        ...found.map((i) => ring(i, 3.2, "fill: var(--fig-2)")),
        ...Array.from(truth, (i) => ring(i, 5, "stroke: var(--fig-ink); stroke-width: 1.2")),
        ring(state.point, 6, "fill: var(--fig-bg); stroke: var(--fig-2); stroke-width: 3"),
      );
      const labeled = []; // places of labels, so that none covers another
      for (const i of state.set.pictures ? [] : [state.point, ...found]) {
        const [x, y] = [state.x(i) + 7, state.y(i) - 5];
        if (labeled.some((at) => Math.abs(at[0] - x) < 60 && Math.abs(at[1] - y) < 11)) continue;
        labeled.push([x, y]);
        marks.append(svg("text", {
          x, y, style: `font-size: 10px; font-weight: ${i === state.point ? 700 : 400}`,
        }, state.set.labels[i]));
      }
      boxes.replaceChildren();
      if (!flat) return;
      const radius = Math.sqrt(state.now.best[K]) * scale;
      if (radius < Infinity) {
        marks.append(ring(state.point, radius, "stroke: var(--fig-2); stroke-width: 1.5"));
      }
      if (!state.kd) return;
      const shown = new Set(state.got.leaves.slice(0, opened.value).map(({ node }) => node));
      const draw = (node, box) => {
        if (!node.left) {
          const [x0, x1] = [0, 1].map((side) => toX(box[0][side]));
          const [y0, y1] = [1, 0].map((side) => toY(box[1][side]));
          boxes.append(svg("rect", {
            x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0),
            style: `stroke: var(--fig-grid); stroke-width: 0.6; fill: var(--fig-2); fill-opacity: ${
              shown.has(node) ? 0.22 : 0}`,
          }));
          return;
        }
        const cut = (node.low + node.high) / 2;
        draw(node.left, box.map((side, c) => (c === node.axis ? [side[0], cut] : side)));
        draw(node.right, box.map((side, c) => (c === node.axis ? [cut, side[1]] : side)));
      };
      draw(state.tree.root, ends);
    }

    function drawCurve(self) {
      if (!state.curves) return;
      const { x: inX, y: inY } = self.inside();
      const x = log([0.005, 1], inX);
      const y = linear([0, 1], inY);
      const place = ([share, got]) => [x(Math.max(0.005, share)), y(got)];
      const here = state.curves[state.kd ? 0 : 1][knob.value];
      const [cx, cy] = place(here);
      lines.replaceChildren(
        axes(self, x, y, "share of the points compared", "recall"),
        line(state.curves[0].map(place), "--fig-1"),
        line(state.curves[1].map(place), "--fig-3", "6 3"),
        svg("circle", { cx, cy, r: 5, style: "fill: var(--fig-2)" }),
      );
    }

    takeSet();
  });
})();
