/* Chapter 16: three hundred digits in a plane. Landmarks are clicked, or taken by a rule; bars say
   which share of the trace of the kernel matrix is left, and shades what the machine on these
   landmarks says of each place. A slider moves one point far away.

   Data: { "points": [[x, y], ...], "labels": [0, 7, ...], "gamma": 0.25, "best": [1, ...] }, the last
   one what the best rank leaves. All else is computed here; course_lib gives the same numbers. */
(function () {
  "use strict";

  const { chart, choice, format, html, legend, linear, normals, reading, slider, svg } =
    window.Explorable;

  const MOST = 40; // landmarks
  const FAR = 3; // the point that is moved
  const DRAWS = 10; // of a rule that draws
  const PENALTY = 0.1;
  const FLAT = 1e-12; // less than this share of the trace is rounding
  const SIDE = 30; // cells of the shades, across

  /* ---- Kernels and columns */

  const gauss = (x, z, gamma) => Math.exp(-gamma * ((x[0] - z[0]) ** 2 + (x[1] - z[1]) ** 2));

  function kernel(points, gamma) {
    return points.map((x) => Float64Array.from(points, (z) => gauss(x, z, gamma)));
  }

  /* Pivoted Cholesky: `pick(residual, j)` names the j-th column, or -1 to end. Features F as
     columns, the columns' names, and what is left of the trace, as a share, after each. */
  function pivoted(K, size, pick) {
    const n = K.length;
    const residual = Float64Array.from(K, (row, i) => row[i]);
    const total = residual.reduce((sum, value) => sum + value, 0);
    const [F, indices, trace] = [[], [], [1]];
    while (indices.length < size) {
      const p = pick(residual, indices.length);
      if (p < 0) break;
      if (residual[p] <= FLAT * total) { // spanned already: nothing changes
        indices.push(p);
        F.push(new Float64Array(n));
        trace.push(trace[trace.length - 1]);
        continue;
      }
      const column = Float64Array.from(K[p]);
      for (const f of F) {
        const share = f[p];
        for (let i = 0; i < n; i += 1) column[i] -= share * f[i];
      }
      const root = Math.sqrt(residual[p]);
      let left = 0;
      for (let i = 0; i < n; i += 1) {
        column[i] /= root;
        residual[i] = Math.max(0, residual[i] - column[i] ** 2);
      }
      residual[p] = 0;
      for (let i = 0; i < n; i += 1) left += residual[i];
      F.push(column);
      indices.push(p);
      trace.push(left / total);
    }
    return { F, indices, trace };
  }

  const given = (list) => (_, j) => (j < list.length ? list[j] : -1);

  function greedy(residual) {
    let p = 0;
    for (let i = 1; i < residual.length; i += 1) if (residual[i] > residual[p]) p = i;
    return p;
  }

  /* Uniform numbers from a seed, by the distribution function of a normal pair's angle. */
  function uniforms(seed) {
    const normal = normals(seed);
    return () => (Math.atan2(normal(), normal()) / (2 * Math.PI) + 1) % 1;
  }

  function random(seed) {
    const uniform = uniforms(seed);
    return (residual) => {
      let left = uniform() * residual.reduce((sum, value) => sum + value, 0);
      for (let i = 0; i < residual.length; i += 1) {
        left -= residual[i];
        if (left < 0 && residual[i] > 0) return i;
      }
      return greedy(residual);
    };
  }

  function shuffled(n, seed) {
    const uniform = uniforms(seed);
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i -= 1) {
      const j = Math.floor(uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /* Solve S x = b, S symmetric positive definite, for several b; by elimination. */
  function solve(S, B) {
    const m = S.length;
    const rows = S.map((row, i) => [...row, ...B[i]]);
    for (let k = 0; k < m; k += 1) {
      for (let i = k + 1; i < m; i += 1) {
        const share = rows[i][k] / rows[k][k];
        if (share === 0) continue;
        for (let j = k; j < rows[i].length; j += 1) rows[i][j] -= share * rows[k][j];
      }
    }
    for (let k = m - 1; k >= 0; k -= 1) {
      for (let j = m; j < rows[k].length; j += 1) {
        let sum = rows[k][j];
        for (let i = k + 1; i < m; i += 1) sum -= rows[k][i] * rows[i][j];
        rows[k][j] = sum / rows[k][k];
      }
    }
    return rows.map((row) => row.slice(m));
  }

  /* Weights (m x t) of the landmarks: ridge regression of Y on the features, then back. */
  function weights({ F, indices }, Y, penalty) {
    const used = F.map((_, j) => j).filter((j) => F[j][indices[j]] > 0);
    const dot = (f, g) => f.reduce((sum, value, i) => sum + value * g[i], 0);
    const S = used.map((a) => used.map((b) => dot(F[a], F[b]) + (a === b ? penalty : 0)));
    const targets = Y[0].map((_, c) => Y.map((row) => row[c]));
    const w = solve(S, used.map((a) => targets.map((t) => dot(F[a], t))));
    const beta = indices.map(() => targets.map(() => 0));
    for (let k = used.length - 1; k >= 0; k -= 1) { // L^T beta = w, with L[i][j] = F[j][indices[i]]
      const j = used[k];
      targets.forEach((_, c) => {
        let sum = w[k][c];
        for (let l = k + 1; l < used.length; l += 1) sum -= F[j][indices[used[l]]] * beta[used[l]][c];
        beta[j][c] = sum / F[j][indices[j]];
      });
    }
    return beta;
  }

  window.Explorable.landmarks = { gauss, given, greedy, kernel, pivoted, random, shuffled, weights };

  /* ---- The figure */

  const COLORS = ["--fig-1", "--fig-2", "--fig-3"];
  const MARKS = ["M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0", "M-3 -3H3V3H-3Z", "M0 -4L4 3H-4Z"];
  const RULES = [["hand", "by hand"], ["greedy", "greedy"], ["random", "random pivots"],
    ["uniform", "uniform"]];

  window.Explorable.register("16-kernel-training", ({ stage, data }) => {
    const classes = [...new Set(data.labels)].sort((a, b) => a - b);
    const Y = data.labels.map((label) => classes.map((c) => (c === label ? 1 : -1)));
    const n = data.points.length;
    const state = { hand: [], draw: 1 };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const rule = choice(controls, { label: "Landmarks", options: RULES, value: "hand" }, update);
    const size = slider(controls, { label: "How many, by a rule", min: 1, max: MOST, value: 5 }, update);
    const away = slider(controls, { label: "Move point 3 away by", min: 0, max: 10, step: 0.5, value: 0 },
      move);
    const point = slider(controls, { label: "Point", min: 0, max: n - 1, value: 0 }, update);
    const button = (name, act) => {
      const made = html("button", { type: "button" }, name);
      made.addEventListener("click", act);
      controls.append(html("div", { className: "explorable-control" }, made));
      return made;
    };
    button("Add or remove the point", () => toggle(point.value));
    button("Begin again", () => { state.hand = []; rule.value = "hand"; update(); });
    button("Draw again", () => { state.draw += 1; update(); });

    const map = chart(stage, {
      label: "Digits in a plane; click one to make it a landmark",
      height: (width) => Math.round(Math.min(440, Math.max(280, width * 0.62))),
      draw: drawMap,
    });
    Object.assign(map.margin, { top: 10, right: 10, bottom: 10, left: 10 });
    const bars = chart(stage, {
      label: "What is left of the trace, by rule",
      height: () => 190,
      draw: drawBars,
    });
    Object.assign(bars.margin, { top: 6, right: 52, bottom: 24, left: 118 });
    const layers = [svg("g", { "aria-hidden": "true" }), svg("g", { "aria-hidden": "true" })];
    map.svg.append(...layers);
    const rows = svg("g", { "aria-hidden": "true" });
    bars.svg.append(rows);
    legend(stage, [
      ...classes.map((c, k) => ({ name: `digit ${c}, and where it is read`, color: COLORS[k], width: 6 })),
      { name: "landmark", color: "--fig-ink", width: 2 },
    ]);
    const say = reading(stage);

    function move() {
      state.points = data.points.map(([x, y], i) => (i === FAR ? [x + away.value, y] : [x, y]));
      state.K = kernel(state.points, data.gamma);
      update();
    }

    function toggle(i) {
      if (rule.value !== "hand") {
        state.hand = state.now.indices.slice();
        rule.value = "hand";
      }
      const at = state.hand.indexOf(i);
      if (at >= 0) state.hand.splice(at, 1);
      else if (state.hand.length < MOST) state.hand.push(i);
      point.value = i;
      update();
    }

    function picker(name, seed) {
      if (name === "greedy") return greedy;
      if (name === "random") return random(seed);
      return given(name === "uniform" ? shuffled(n, seed) : state.hand);
    }

    function update() {
      const m = rule.value === "hand" ? state.hand.length : size.value;
      state.now = pivoted(state.K, m, picker(rule.value, state.draw));
      state.m = m;
      const mean = (name) => {
        let sum = 0;
        for (let seed = 1; seed <= DRAWS; seed += 1) {
          sum += pivoted(state.K, m, picker(name, 100 * state.draw + seed)).trace[m] / DRAWS;
        }
        return sum;
      };
      state.left = [
        ["these landmarks", state.now.trace[m], "--fig-ink"],
        ["greedy", pivoted(state.K, m, greedy).trace[m], "--fig-4"],
        ["random pivots", mean("random"), "--fig-5"],
        ["uniform", mean("uniform"), "--fig-6"],
        ...(away.value === 0 ? [["best rank", data.best[m], "--fig-grid"]] : []),
      ];
      state.beta = m ? weights(state.now, Y, PENALTY) : [];
      map.redraw();
      bars.redraw();
      say(inWords());
    }

    function scores(x) {
      const sums = classes.map(() => 0);
      state.now.indices.forEach((p, j) => {
        const near = gauss(state.points[p], x, data.gamma);
        sums.forEach((_, c) => { sums[c] += near * state.beta[j][c]; });
      });
      return sums;
    }

    const largest = (values) => values.indexOf(Math.max(...values));

    function inWords() {
      const kind = RULES.find(([key]) => key === rule.value)[1];
      const at = state.now.indices.indexOf(FAR);
      const wrong = state.m === 0 ? "" : ` The machine on them is wrong on `
        + `${data.labels.filter((l, i) => classes[largest(scores(state.points[i]))] !== l).length}`
        + ` of ${n} digits.`;
      const moved = away.value === 0 ? "" : ` Point ${FAR}, moved away by ${format(away.value)}, is `
        + `${at < 0 ? "not among them" : `the ${["first", "second", "third"][at] || `${at + 1}th`} of them`}.`;
      return `${state.m} landmark${state.m === 1 ? "" : "s"} ${kind === "by hand" ? kind : `by the rule ${kind}`}. `
        + `Left of the trace: ${state.left.map(([name, v]) => `${name} ${v.toFixed(3)}`).join(", ")}.`
        + `${moved}${wrong}`;
    }

    function drawMap(self) {
      const { x: [left, right], y: [bottom, top] } = self.inside();
      const all = state.points;
      const span = (axis) => {
        const values = all.map((p) => p[axis]);
        return [Math.min(...values) - 0.3, Math.max(...values) + 0.3];
      };
      const x = linear(span(0), [left, right]);
      const y = linear(span(1), [bottom, top]);
      const [wide, high] = [(right - left) / SIDE, (bottom - top) / SIDE];
      const cells = [];
      for (let a = 0; state.m && a < SIDE; a += 1) {
        for (let b = 0; b < SIDE; b += 1) {
          const place = [x.invert(left + (a + 0.5) * wide), y.invert(top + (b + 0.5) * high)];
          cells.push(svg("rect", {
            x: (left + a * wide).toFixed(1), y: (top + b * high).toFixed(1),
            width: (wide + 0.6).toFixed(1), height: (high + 0.6).toFixed(1),
            style: `fill: var(${COLORS[largest(scores(place))]}); opacity: 0.22`,
          }));
        }
      }
      layers[0].replaceChildren(...cells);
      const chosen = new Set(state.now.indices);
      layers[1].replaceChildren(...all.flatMap((p, i) => {
        const k = classes.indexOf(data.labels[i]);
        const mark = svg("path", {
          d: MARKS[k], transform: `translate(${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)})`,
          "data-point": i, style: `fill: var(${COLORS[k]}); cursor: pointer`,
        });
        mark.addEventListener("click", () => toggle(i));
        const ring = (r, width, dash) => svg("circle", {
          cx: x(p[0]), cy: y(p[1]), r, fill: "none", "pointer-events": "none",
          style: `stroke: var(--fig-ink); stroke-width: ${width}; stroke-dasharray: ${dash}`,
        });
        return [mark, ...(chosen.has(i) ? [ring(6, 2, "none")] : []),
          ...(i === point.value ? [ring(9, 1, "2 2")] : [])];
      }));
    }

    function drawBars(self) {
      const { x: [left, right], y: [bottom, top] } = self.inside();
      const x = linear([0, 1], [left, right]);
      const step = (bottom - top) / state.left.length;
      rows.replaceChildren(...state.left.flatMap(([name, value, color], k) => {
        const middle = top + (k + 0.5) * step;
        return [
          svg("text", { x: left - 8, y: middle + 4, "text-anchor": "end" }, name),
          svg("rect", {
            x: left, y: middle - step * 0.3, width: Math.max(0, x(value) - left), height: step * 0.6,
            style: `fill: var(${color})`,
          }),
          svg("text", { x: x(value) + 6, y: middle + 4 }, value.toFixed(3)),
        ];
      }), svg("text", { x: (left + right) / 2, y: bottom + 18, "text-anchor": "middle" },
        `left of the trace after ${state.m} columns`));
    }

    move();
  });
})();
