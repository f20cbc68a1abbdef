/* Chapter 14: online gradient descent over the flights of a month, and its regret against the best
   fixed model of that month, for a scale of steps, a delay and an order.

   Data: { "flights": base64, "rival": 149 weights, "step": 1, "seed": 1 }. A flight is five bytes: the
   hour, 2 (16 origin + carrier) + late, the destination, and the flights that leave while it is in the
   air, low byte first. All is computed here; course_lib gives the same numbers. */
(function () {
  "use strict";

  const { axes, bytes, chart, choice, format, html, legend, line, linear, normals, reading, slider } =
    window.Explorable;

  const RADIUS = 5;
  const WEIGHTS = 149;
  const POINTS = 240; // of a curve

  const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

  /* Five columns, a label and the delay of landing for each flight. */
  function unpack(base64) {
    const raw = new Uint8Array(bytes(base64));
    const n = raw.length / 5;
    const columns = new Int32Array(5 * n);
    const signs = new Float64Array(n);
    const waits = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      const [hour, packed, target, low, high] = raw.subarray(5 * i, 5 * i + 5);
      const place = packed >> 1;
      columns.set([0, 1 + hour, 25 + (place & 15), 41 + (place >> 4), 44 + target], 5 * i);
      signs[i] = packed & 1 ? 1 : -1;
      waits[i] = low + 256 * high;
    }
    return { n, columns, signs, waits };
  }

  /* The flights in another order; each keeps its delay. */
  function reorder({ n, columns, signs, waits }, order) {
    const moved = { n, columns: new Int32Array(5 * n), signs: new Float64Array(n),
      waits: new Float64Array(n) };
    order.forEach((from, to) => {
      moved.columns.set(columns.subarray(5 * from, 5 * from + 5), 5 * to);
      moved.signs[to] = signs[from];
      moved.waits[to] = waits[from];
    });
    return moved;
  }

  function shuffled(n, seed) {
    const draw = normals(seed);
    const keys = Float64Array.from({ length: n }, draw);
    return Array.from({ length: n }, (_, i) => i).sort((i, j) => keys[i] - keys[j]);
  }

  const margin = (x, { columns }, t) => {
    let sum = 0;
    for (let j = 5 * t; j < 5 * t + 5; j += 1) sum += x[columns[j]];
    return sum;
  };

  /* Losses of a fixed model. */
  function fixed(flights, x) {
    return Float64Array.from({ length: flights.n },
      (_, t) => softplus(-flights.signs[t] * margin(x, flights, t)));
  }

  /* Losses of online gradient descent in the ball; `waits` are rounds, one number or one each. */
  function learn(flights, step, waits) {
    const { n, columns, signs } = flights;
    const wait = typeof waits === "number" ? () => waits : (t) => waits[t];
    const arrivals = Float64Array.from({ length: n }, (_, t) => t + 1 + wait(t));
    const order = Array.from({ length: n }, (_, t) => t);
    if (typeof waits !== "number") order.sort((s, t) => arrivals[s] - arrivals[t] || s - t);
    const x = new Float64Array(WEIGHTS);
    const slopes = new Float64Array(n);
    const losses = new Float64Array(n);
    let [came, square] = [0, 0];
    for (let t = 0; t < n; t += 1) {
      while (came < n && arrivals[order[came]] <= t) {
        const s = order[came];
        came += 1;
        const move = (step / Math.sqrt(came)) * slopes[s];
        const before = margin(x, flights, s);
        for (let j = 5 * s; j < 5 * s + 5; j += 1) x[columns[j]] -= move;
        square += move * (5 * move - 2 * before);
        if (square > RADIUS * RADIUS) {
          const shrink = RADIUS / Math.sqrt(square);
          for (let j = 0; j < WEIGHTS; j += 1) x[j] *= shrink;
          square = RADIUS * RADIUS;
        }
      }
      const agreement = signs[t] * margin(x, flights, t);
      losses[t] = softplus(-agreement);
      slopes[t] = -signs[t] / (1 + Math.exp(agreement));
    }
    return losses;
  }

  function regret(losses, rival) {
    let sum = 0;
    return Float64Array.from(losses, (loss, t) => (sum += loss - rival[t]));
  }

  window.Explorable.online = { fixed, learn, regret, reorder, shuffled, unpack };

  /* ---- The figure */

  const DELAYS = [0, 10, 30, 100, 300, 1000, 3000, 10000];
  const whole = (value) => Math.round(value).toLocaleString("en-US").replace("-", "−");

  window.Explorable.register("14-online-optimization", ({ stage, data }) => {
    const state = {};
    const inTime = unpack(data.flights);
    const orders = { time: inTime, shuffled: reorder(inTime, shuffled(inTime.n, data.seed)) };
    const rivals = Object.fromEntries(
      Object.entries(orders).map(([name, flights]) => [name, fixed(flights, data.rival)]),
    );

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const order = choice(controls, {
      label: "Flights", options: [["time", "as they left"], ["shuffled", "shuffled"]], value: "time",
    }, show);
    const wait = choice(controls, {
      label: "Heard",
      options: [["landing", "after landing"],
        ...DELAYS.map((n) => [String(n), n ? `${whole(n)} flights later` : "at once"])],
      value: "0",
    }, show);
    const step = slider(controls, {
      label: "Scale of steps c", min: -8, max: 8, value: Math.round(4 * Math.log10(data.step)),
      show: (value) => format(10 ** (value / 4)),
    }, show);

    const curve = chart(stage, {
      label: "Regret so far by flights",
      height: (width) => Math.round(Math.min(360, Math.max(250, width * 0.45))),
      draw,
    });
    legend(stage, [
      { name: "regret so far", color: "--fig-1", dash: "none" },
      { name: "the same, heard at once", color: "--fig-2", dash: "7 4" },
      { name: "the best fixed model", color: "--fig-ink", dash: "4 2", width: 1.2 },
    ]);
    const say = reading(stage);

    function show() {
      const flights = orders[order.value];
      const scale = 10 ** (step.value / 4);
      const waits = wait.value === "landing" ? flights.waits : Number(wait.value);
      state.losses = learn(flights, scale, waits);
      state.regret = regret(state.losses, rivals[order.value]);
      state.prompt = regret(learn(flights, scale, 0), rivals[order.value]);
      curve.redraw();
      say(inWords(scale));
    }

    function draw(self) {
      const n = inTime.n;
      const inside = self.inside();
      const places = Array.from({ length: POINTS }, (_, i) => Math.round((i + 1) * n / POINTS) - 1);
      const seen = places.flatMap((t) => [state.regret[t], state.prompt[t]]);
      const [least, most] = [Math.min(-500, ...seen), Math.max(500, ...seen)];
      const x = linear([0, n / 1000], inside.x);
      const y = linear([least, most], inside.y);
      const path = (values) => [[x(0), y(0)], ...places.map((t) => [x((t + 1) / 1000), y(values[t])])];
      self.svg.replaceChildren(
        axes(self, x, y, "flights, thousands", "regret so far"),
        line([[x(0), y(0)], [x(n / 1000), y(0)]], "--fig-ink", "4 2", 1.2),
        line(path(state.prompt), "--fig-2", "7 4", 1.6),
        line(path(state.regret), "--fig-1", "none", 2.2),
      );
    }

    function inWords(scale) {
      const n = inTime.n;
      const end = state.regret[n - 1];
      const mean = state.losses.reduce((sum, loss) => sum + loss, 0) / n;
      const when = wait.value === "landing" ? "heard after landing"
        : wait.value === "0" ? "heard at once" : `heard ${whole(Number(wait.value))} flights later`;
      const verdict = end < 0 ? "better than the best fixed model" : "worse than the best fixed model";
      return `${whole(n)} flights ${order.value === "time" ? "as they left" : "in random order"}, ${when}, `
        + `steps of ${format(scale)} over the root of k: regret ${whole(end)}, ${verdict}. `
        + `It loses ${mean.toFixed(4)} a flight, the fixed model ${(mean - end / n).toFixed(4)}.`;
    }

    show();
  });
})();
