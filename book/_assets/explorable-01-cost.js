/* Chapter 01: drag a machine's peak and bandwidth, choose a program, see which wall it hits.

   The roofline of Williams, Waterman and Patterson 2009: a program with I operations a byte gets at
   most min(peak, bandwidth * I) operations a second.

   Data: { "machines": [{ "name", "peak", "bandwidth", "itemsize" }, ...], in operations and bytes a
   second and bytes a number; "rows", "columns" of the digits;
   "measured": [{ "name", "intensity", "speed" }, ...] } */
(function () {
  "use strict";

  const { axes, chart, choice, format, handle, html, legend, line, log, reading, slider, svg } =
    window.Explorable;

  const INTENSITY = [0.1, 3000]; // of the picture
  const SPEED = [1e9, 3e15];
  const GRIP = 0.2; // operations a byte at which the slope is taken hold of
  const KEY = 10 ** 0.1; // a key stroke changes a machine by this factor

  /* ---- Arithmetic */

  const roof = (machine, intensity) => Math.min(machine.peak, machine.bandwidth * intensity);
  const ridge = (machine) => machine.peak / machine.bandwidth;

  /* Operations a byte of an (m, k) by (k, n) product in which every number moves once. */
  function productIntensity(m, n, k, itemsize) {
    return (2 * m * n * k) / (itemsize * (m * k + k * n + m * n));
  }

  /* The same for large matrices and a cache of M numbers: 2 n^3 operations on the 2 n^3 / sqrt(M)
     numbers that no order can avoid. */
  const cachedIntensity = (M, itemsize) => Math.sqrt(M) / itemsize;

  window.Explorable.cost = { cachedIntensity, productIntensity, ridge, roof };

  /* ---- Words */

  const sentence = (text) => text[0].toUpperCase() + text.slice(1);
  const gains = (factor) => (factor < 1.005 ? "changes nothing" : `makes it ${format(factor)} times as fast`);

  /* ---- The figure */

  window.Explorable.register("01-cost", ({ stage, data }) => {
    const { rows, columns } = data;
    const programs = {
      vectors: {
        name: "digits times vectors", label: "Vectors at a time", range: [0, 12], value: 0,
        show: (t) => format(2 ** t),
        intensity: (t) => productIntensity(rows, 2 ** t, columns, state.itemsize),
        seconds: (t, speed) => (2 * rows * columns * 2 ** t) / speed,
      },
      cached: {
        name: "large matrix product", label: "Numbers in the cache", range: [4, 24], value: 13,
        show: (t) => format(2 ** t),
        intensity: (t) => cachedIntensity(2 ** t, state.itemsize),
      },
      own: {
        name: "your own program", label: "Operations a byte", range: [-3, 11], value: 2,
        show: (t) => format(2 ** t),
        intensity: (t) => 2 ** t,
      },
    };
    const state = { ...data.machines[0] };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const machine = choice(controls, {
      label: "Machine",
      options: [
        ...data.machines.map(({ name }, i) => [String(i), name]), ["own", "your own: drag the points"],
      ],
      value: "0",
    }, takeMachine);
    const program = choice(controls, {
      label: "Program",
      options: Object.entries(programs).map(([key, { name }]) => [key, name]),
      value: "vectors",
    }, takeProgram);
    let amount = null;

    const picture = chart(stage, {
      label: "Roofline of a machine and one program. The two points change the machine.",
      height: (width) => Math.round(Math.min(430, Math.max(300, width * 0.58))),
      draw,
    });
    const plot = svg("g");
    const grips = {
      peak: handle(picture, {
        label: "Peak, operations a second", min: SPEED[0], max: SPEED[1],
        drag: (pixel) => change("peak", picture.toValue(pixel)),
        step: (sign) => change("peak", state.peak * KEY ** sign),
      }),
      bandwidth: handle(picture, {
        label: "Bandwidth, bytes a second", min: SPEED[0] / GRIP, max: SPEED[1] / GRIP,
        drag: (pixel) => change("bandwidth", picture.toValue(pixel) / GRIP),
        step: (sign) => change("bandwidth", state.bandwidth * KEY ** sign),
      }),
    };
    picture.svg.append(plot, grips.peak, grips.bandwidth);
    legend(stage, [
      { name: "this machine", color: "--fig-ink", width: 2.5 },
      { name: "other machines", color: "--fig-6", dash: "1 3" },
      { name: "this program", color: "--fig-1", width: 3 },
      { name: "ridge", color: "--fig-3", dash: "6 3 1 3" },
      { name: "measured on the recorded thread", color: "--fig-2", width: 6 },
    ]);
    const say = reading(stage);

    function takeMachine(value) {
      if (value !== "own") Object.assign(state, data.machines[value]);
      picture.redraw();
    }

    /* The slider of the program: its amount on a scale of powers of two. */
    function takeProgram() {
      const { label, range, value, show } = programs[program.value];
      if (amount) amount.box.remove();
      amount = slider(controls, { label, min: range[0], max: range[1], step: 0.5, value, show },
        () => picture.redraw());
      picture.redraw();
    }

    function change(part, value) {
      const factor = part === "peak" ? 1 : 1 / GRIP;
      state[part] = Math.min(SPEED[1] * factor, Math.max(SPEED[0] * factor, value));
      state.name = "your own machine";
      machine.value = "own";
      picture.redraw();
    }

    function inWords(intensity) {
      const { name, seconds } = programs[program.value];
      const speed = roof(state, intensity);
      const gain = (part) => roof({ ...state, [part]: 2 * state[part] }, intensity) / speed;
      const limit = intensity < ridge(state) ? "memory" : "arithmetic";
      const time = seconds ? ` The digits take at least ${format(1000 * seconds(amount.value, speed))} ms.` : "";
      return `${sentence(state.name)}: ridge at ${format(ridge(state))} operations a byte. `
        + `${sentence(name)}, ${state.itemsize} bytes a number: ${format(intensity)} operations a byte, `
        + `so it waits for ${limit}. It gets `
        + `at most ${format(speed / 1e9)} Gflop/s, ${format((100 * speed) / state.peak)}% of the peak.`
        + `${time} Twice the bandwidth ${gains(gain("bandwidth"))}, twice the peak `
        + `${gains(gain("peak"))}.`;
    }

    function draw(self) {
      if (!amount) return;
      const inside = self.inside();
      const x = log(INTENSITY, inside.x);
      const y = log(SPEED, inside.y);
      self.toValue = y.invert;
      const at = (speed) => y(Math.min(SPEED[1], Math.max(SPEED[0], speed)));
      const inX = (value) => Math.min(INTENSITY[1], Math.max(INTENSITY[0], value));
      const profile = (m) => {
        const start = Math.max(INTENSITY[0], SPEED[0] / m.bandwidth);
        return [start, Math.max(start, inX(ridge(m))), INTENSITY[1]]
          .map((value) => [x(value), at(roof(m, value))]);
      };
      const upright = (value, top) => [[x(inX(value)), inside.y[0]], [x(inX(value)), top]];
      const intensity = programs[program.value].intensity(amount.value);
      const speed = roof(state, intensity);
      plot.replaceChildren(
        axes(self, x, y, "operations a byte", "operations a second"),
        ...data.machines.filter(({ name }) => name !== state.name)
          .map((m) => line(profile(m), "--fig-6", "1 3", 1.5)),
        line(upright(ridge(state), at(state.peak)), "--fig-3", "6 3 1 3", 1.5),
        line(profile(state), "--fig-ink", "none", 2.5),
        line(upright(intensity, at(speed)), "--fig-1", "none", 3),
        ...data.measured.map((point) => svg("circle", {
          cx: x(inX(point.intensity)), cy: at(point.speed), r: 4, style: "fill: var(--fig-2)",
        })),
      );
      grips.peak.place(x(INTENSITY[1] / 3), at(state.peak), state.peak);
      grips.bandwidth.place(x(GRIP), at(state.bandwidth * GRIP), state.bandwidth);
      say(inWords(intensity));
    }

    takeProgram();
  });
})();
