/* Chapter 09: a loss, a ball, and where they touch. Drag the unpenalized solution, change the
   weight and the mix of l1 and l2, see the solution land on a corner, and its path beside.

   Minimized is (c - center)' H (c - center) / 2 + lambda P(c), where
   P(c) = mix |c|_1 + (1 - mix) |c|^2 / 2: the lasso at mix = 1, ridge regression at mix = 0.

   Data: { "problems": [{ "name", "H": [[..], [..]], "center": [.., ..], "labels": [.., ..] }] },
   two standardized columns each. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const RANGE = [0.01, 3]; // of lambda, in units of the largest slope at zero
  const TURNS = 180; // points of a ball or of a level line
  const GRID = 160; // points of a path

  /* ---- Arithmetic */

  const times = (H, [a, b]) => [H[0][0] * a + H[0][1] * b, H[1][0] * a + H[1][1] * b];

  const penalty = ([a, b], mix) =>
    mix * (Math.abs(a) + Math.abs(b)) + ((1 - mix) / 2) * (a * a + b * b);

  function loss(H, center, c) {
    const away = [c[0] - center[0], c[1] - center[1]];
    const slope = times(H, away);
    return (away[0] * slope[0] + away[1] * slope[1]) / 2;
  }

  /* The largest slope of the loss at zero: from there on the lasso is all zero. */
  const largest = (H, center) => Math.max(...times(H, center).map(Math.abs));

  /* The minimizer, exactly: for each choice of signs a linear system, and the best one that
     keeps its signs. */
  function solve(H, center, lambda, mix) {
    const g = times(H, center);
    const ridge = lambda * (1 - mix);
    const [p, q, r] = [H[0][0] + ridge, H[0][1], H[1][1] + ridge];
    const value = (c) => loss(H, center, c) + lambda * penalty(c, mix);
    let best = [0, 0];
    const consider = (c, signs) => {
      const kept = c.every((x, i) => x * signs[i] > 0 || (x === 0 && signs[i] === 0));
      if (kept && value(c) < value(best)) best = c;
    };
    for (const s of [-1, 1]) {
      consider([(g[0] - s * lambda * mix) / p, 0], [s, 0]);
      consider([0, (g[1] - s * lambda * mix) / r], [0, s]);
      for (const t of [-1, 1]) {
        const [u, v] = [g[0] - s * lambda * mix, g[1] - t * lambda * mix];
        const det = p * r - q * q;
        consider([(r * u - q * v) / det, (p * v - q * u) / det], [s, t]);
      }
    }
    return best;
  }

  const directions = Array.from({ length: TURNS + 1 }, (_, i) => {
    const angle = (2 * Math.PI * i) / TURNS;
    return [Math.cos(angle), Math.sin(angle)];
  });

  /* Where P(c) has the value `size`: in each direction one quadratic equation. */
  function ball(size, mix) {
    return directions.map(([x, y]) => {
      const a = mix * (Math.abs(x) + Math.abs(y));
      const b = 1 - mix;
      // The form of the root that does not cancel, and allows b = 0.
      const radius = size === 0 ? 0 : (2 * size) / (a + Math.sqrt(a * a + 2 * b * size));
      return [radius * x, radius * y];
    });
  }

  /* Where the loss has the value `level`: a circle, stretched by the inverse Cholesky factor. */
  function ellipse(H, center, level) {
    const a = Math.sqrt(H[0][0]);
    const b = H[0][1] / a;
    const d = Math.sqrt(H[1][1] - b * b);
    const radius = Math.sqrt(2 * level);
    return directions.map(([x, y]) => {
      const second = (radius * y) / d;
      return [center[0] + (radius * x - b * second) / a, center[1] + second];
    });
  }

  const lambdas = Array.from({ length: GRID + 1 }, (_, i) =>
    RANGE[1] * (RANGE[0] / RANGE[1]) ** (i / GRID));

  /* Minimizers from the largest lambda down to the smallest. */
  function pathOf(H, center, mix) {
    const unit = largest(H, center);
    return lambdas.map((share) => solve(H, center, share * unit, mix));
  }

  window.Explorable.sparseCoding = { ball, ellipse, largest, loss, pathOf, penalty, solve };

  /* ---- The figure */

  window.Explorable.register("09-sparse-coding", ({ stage, data }) => {
    const state = { ...data.problems[0], moved: false, dragging: false, extent: 1 };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const which = choice(controls, {
      label: "Two columns",
      options: data.problems.map(({ name }, i) => [String(i), name]),
      value: "0",
    }, () => {
      Object.assign(state, data.problems[which.value], { moved: false });
      update();
    });
    const weight = slider(controls, {
      label: "Weight λ, of the slope at zero", min: -2, max: 0.47, step: 0.01, value: -0.3,
      show: (power) => format(10 ** power),
    }, update);
    const mix = slider(controls, {
      label: "Mix", min: 0, max: 1, step: 0.05, value: 1,
      show: (value) => (value === 1 ? "l1 only" : value === 0 ? "l2 only"
        : `${Math.round(100 * value)}% l1`),
    }, update);

    const frame = html("div", {});
    frame.style.cssText = "display: grid; gap: 0.5rem; "
      + "grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr))";
    const [left, right] = [html("div", {}), html("div", {})];
    frame.append(left, right);
    stage.append(frame);
    const plane = chart(left, {
      label: "The loss and the ball. The unpenalized solution can be moved with the arrow keys.",
      height: (width) => width - 26, // so that both units are of one length
      draw: drawPlane,
    });
    const beside = chart(right, {
      label: "The coefficients against the weight.",
      height: (width) => width - 26,
      draw: drawPath,
    });
    const [under, over] = [svg("g"), svg("g")];
    const point = dragPoint();
    plane.svg.append(under, point);
    beside.svg.append(over);
    legend(stage, [
      { name: "level line of the loss", color: "--fig-ink" },
      { name: "ball of the penalty", color: "--fig-1", width: 3 },
      { name: "path of the solution", color: "--fig-6", dash: "1 3" },
      { name: "first coefficient", color: "--fig-2", width: 3 },
      { name: "second coefficient", color: "--fig-3", dash: "7 4", width: 3 },
    ]);
    const say = reading(stage);

    const lambda = () => 10 ** weight.value * largest(state.H, state.center);
    const solution = () => solve(state.H, state.center, lambda(), mix.value);

    function update() {
      if (!state.dragging) {
        state.extent = 1.3 * Math.max(0.3, ...state.center.map(Math.abs));
      }
      plane.redraw();
      beside.redraw();
      say(inWords());
    }

    function inWords() {
      const c = solution();
      const zeros = c.filter((value) => value === 0).length;
      const verdict = ["Both coefficients are at work.", "One coefficient is exactly zero.",
        "Both coefficients are exactly zero."][zeros];
      const [a, b] = state.labels;
      return `${state.moved ? "Your own solution" : state.name}, λ = ${format(10 ** weight.value)} of `
        + `the largest slope at zero: without penalty ${a} ${format(state.center[0])}, ${b} `
        + `${format(state.center[1])}; with it ${a} ${format(c[0])}, ${b} ${format(c[1])}. ${verdict}`;
    }

    function drawPlane(self) {
      const inside = self.inside();
      const reach = [-state.extent, state.extent];
      const [x, y] = [linear(reach, inside.x), linear(reach, inside.y)];
      Object.assign(self, { toX: x.invert, toY: y.invert });
      const c = solution();
      const level = loss(state.H, state.center, c);
      const spot = (places) => places.map(([a, b]) => [x(a), y(b)]);
      const clip = svg("clipPath", { id: "sparse-coding-plane" }, svg("rect", {
        x: inside.x[0], y: inside.y[1], width: inside.x[1] - inside.x[0],
        height: inside.y[0] - inside.y[1],
      }));
      const drawn = svg("g", { "clip-path": "url(#sparse-coding-plane)" },
        line(spot([[-9, 0], [9, 0]]), "--fig-grid", "none", 1.5),
        line(spot([[0, -9], [0, 9]]), "--fig-grid", "none", 1.5),
        ...[0.25, 2.25, 4].map((factor) =>
          line(spot(ellipse(state.H, state.center, factor * level)), "--fig-6", "none", 0.7)),
        line(spot(pathOf(state.H, state.center, mix.value)), "--fig-6", "1 3", 2),
        line(spot(ball(penalty(c, mix.value), mix.value)), "--fig-1", "none", 3),
        line(spot(ellipse(state.H, state.center, level)), "--fig-ink", "none", 1.5),
        svg("circle", { cx: x(c[0]), cy: y(c[1]), r: 5, style: "fill: var(--fig-1)" }));
      under.replaceChildren(clip, axes(self, x, y, state.labels[0], state.labels[1]), drawn);
      point.place(x(state.center[0]), y(state.center[1]));
    }

    function drawPath(self) {
      const inside = self.inside();
      const x = log([RANGE[1], RANGE[0]], inside.x);
      x.ticks = () => [1, 0.1, 0.01];
      const places = pathOf(state.H, state.center, mix.value);
      const y = linear([-state.extent, state.extent], inside.y);
      const clamp = (value) => Math.max(-state.extent, Math.min(state.extent, value));
      const curve = (i) => places.map((c, at) => [x(lambdas[at]), y(clamp(c[i]))]);
      const now = x(10 ** weight.value);
      over.replaceChildren(
        axes(self, x, y, "weight λ, falling", "coefficient"),
        line([[now, inside.y[0]], [now, inside.y[1]]], "--fig-ink", "2 3", 1),
        line(curve(0), "--fig-2", "none", 3),
        line(curve(1), "--fig-3", "7 4", 3),
      );
    }

    /* The unpenalized solution, moved in both directions by pointer or arrow keys. */
    function dragPoint() {
      const circle = svg("circle", {
        class: "handle", r: 8, tabindex: 0, role: "slider",
        "aria-label": "Solution without penalty; left and right move the first coefficient, up and "
          + "down the second",
        "aria-valuemin": -10, "aria-valuemax": 10,
      });
      circle.style.touchAction = "none";
      circle.style.cursor = "move";
      circle.place = (px, py) => {
        circle.setAttribute("cx", px);
        circle.setAttribute("cy", py);
        circle.setAttribute("aria-valuenow", state.center[1].toFixed(3));
        circle.setAttribute("aria-valuetext", state.center.map(format).join(", "));
      };
      const move = (center) => {
        const inside = (value) => Math.max(-0.97 * state.extent, Math.min(0.97 * state.extent, value));
        Object.assign(state, { center: center.map(inside), moved: true });
        update();
      };
      circle.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        circle.focus();
        circle.setPointerCapture(event.pointerId);
        state.dragging = true;
      });
      circle.addEventListener("pointermove", (event) => {
        if (!state.dragging) return;
        const box = plane.svg.getBoundingClientRect();
        const scale = plane.width / box.width;
        move([plane.toX((event.clientX - box.left) * scale),
          plane.toY((event.clientY - box.top) * scale)]);
      });
      circle.addEventListener("lostpointercapture", () => {
        state.dragging = false;
        update();
      });
      circle.addEventListener("keydown", (event) => {
        const step = state.extent / 40;
        const by = {
          ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step],
        }[event.key];
        if (!by) return;
        event.preventDefault();
        move([state.center[0] + by[0], state.center[1] + by[1]]);
      });
      return circle;
    }

    update();
  });
})();
