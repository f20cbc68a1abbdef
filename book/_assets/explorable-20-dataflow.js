/* Chapter 20: sixteen tasks on sixteen machines, of which one may be killed; the last tasks run twice.

   Data: { "copies": [r, ...], "runs": { kind: [a row for each r] }, "curve", "means", "crash", "lease" }.
   A row holds a run without a death and one for each machine killed: [time, work, spans] in hundredths
   of a second, a span being [machine, task, start, end, fate]: 0 done, 1 stopped, 2 cut off by a death.
   All runs are recorded ones of course_lib: nothing is simulated here. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, reading, slider, svg } =
    window.Explorable;

  const KINDS = [["luck", "bad luck: lengths are drawn anew"], ["data", "the data: a copy is as long"], ["machine", "the machine: number 5 is slow"]];
  const SHADES = ["--fig-1", "--fig-1", "--fig-2"];

  /* The recorded run of a kind, with the i-th number of copies; `dead` is -1 if nobody dies. */
  function chosen(data, kind, i, dead) {
    const [time, work, spans] = data.runs[kind][i][dead + 1];
    const begun = new Map();
    for (const [, task, start] of spans) begun.set(task, Math.min(start, begun.get(task) ?? start));
    return {
      time: time / 100,
      work: work / 100,
      spans: spans.map(([machine, task, start, end, fate]) => ({
        machine, task, start: start / 100, end: end / 100, fate, again: start > begun.get(task),
      })),
    };
  }

  window.Explorable.dataflow = { chosen };

  window.Explorable.register("20-dataflow", ({ stage, data }) => {
    const machines = data.runs.luck[0].length - 1;
    const state = { dead: -1 };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const kind = choice(controls, { label: "Why tasks are long", options: KINDS, value: "luck" }, show);
    const copies = slider(controls, {
      label: "Tasks that run twice", min: 0, max: data.copies.length - 1, value: 0,
      show: (i) => String(data.copies[i]),
    }, show);
    const kill = choice(controls, {
      label: `Kill at ${format(data.crash)} s`,
      options: [["-1", "nobody"], ...Array.from({ length: machines }, (_, m) => [String(m), `machine ${m}`])],
      value: "-1",
    }, (value) => { state.dead = Number(value); show(); });

    const gantt = chart(stage, {
      label: "What each machine did, over time",
      height: () => 16 * machines + 60,
      draw: drawGantt,
    });
    legend(stage, [
      { name: "a task", color: "--fig-1", width: 6 },
      { name: "a copy, or a task given out again", color: "--fig-3", width: 6 },
      { name: "stopped, the other copy was first", color: "--fig-1", width: 6, opacity: 0.3 },
      { name: "cut off by a death", color: "--fig-2", width: 6 },
    ]);
    const bars = chart(stage, { label: "Time and work", height: () => 118, draw: drawBars });
    const curve = chart(stage, {
      label: "Time against the tasks that run twice",
      height: (width) => Math.round(Math.min(240, Math.max(190, width * 0.34))),
      draw: drawCurve,
    });
    legend(stage, [
      { name: "this run", color: "--fig-1", width: 6 },
      { name: "this run without copies", color: "--fig-ink", dash: "3 3", width: 1.5 },
      { name: "Hₙ − Hᵣ/2, the mean for bad luck", color: "--fig-ink", width: 1.2 },
      { name: "mean of 2,000 runs of bad luck", color: "--fig-3", width: 4 },
    ]);
    const say = reading(stage);

    const run = () => chosen(data, kind.value, copies.value, state.dead);
    const bare = () => chosen(data, kind.value, 0, state.dead);
    const longest = () => Math.max(...data.runs[kind.value].flat().map(([time]) => time)) / 100;

    function show() {
      for (const one of [gantt, bars, curve]) one.redraw();
      say(inWords());
    }

    function toggle(machine) {
      state.dead = state.dead === machine ? -1 : machine;
      kill.value = String(state.dead);
      show();
    }

    function drawGantt(self) {
      const inside = self.inside();
      const x = linear([0, longest()], inside.x);
      const y = (machine) => inside.y[1] + 16 * machine;
      const parts = [];
      for (const tick of x.ticks()) {
        parts.push(
          svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: inside.y[0], y2: inside.y[1], "aria-hidden": "true" }),
          svg("text", { x: x(tick), y: inside.y[0] + 18, "text-anchor": "middle", "aria-hidden": "true" }, format(tick)),
        );
      }
      parts.push(svg("text", {
        x: (inside.x[0] + inside.x[1]) / 2, y: inside.y[0] + 36, "text-anchor": "middle", "aria-hidden": "true",
      }, "seconds"), svg("text", {
        transform: `translate(13 ${(inside.y[0] + inside.y[1]) / 2}) rotate(-90)`, "text-anchor": "middle", "aria-hidden": "true",
      }, "machine"));
      for (let m = 0; m < machines; m += 1) {
        if (m % 3 === 0) {
          parts.push(svg("text", { x: inside.x[0] - 8, y: y(m) + 12, "text-anchor": "end", "aria-hidden": "true" }, String(m)));
        }
        if (m === state.dead) {
          parts.push(svg("line", {
            x1: x(data.crash), x2: inside.x[1], y1: y(m) + 8, y2: y(m) + 8,
            style: "stroke: var(--fig-2); stroke-width: 1; stroke-dasharray: 2 4",
          }));
        }
      }
      for (const span of run().spans) {
        const color = span.fate === 2 ? SHADES[2] : span.again ? "--fig-3" : "--fig-1";
        parts.push(svg("rect", {
          class: "span", x: x(span.start), y: y(span.machine) + 2, height: 12,
          width: Math.max(1, x(span.end) - x(span.start) - 1),
          style: `fill: var(${color}); opacity: ${span.fate === 1 ? 0.3 : 0.9}`,
        }));
      }
      for (let m = 0; m < machines; m += 1) {
        const row = svg("rect", {
          class: "row", x: inside.x[0], y: y(m), width: inside.x[1] - inside.x[0], height: 16,
          style: "fill: transparent; cursor: pointer", "aria-hidden": "true",
        });
        row.addEventListener("click", () => toggle(m));
        parts.push(row);
      }
      self.svg.replaceChildren(...parts);
    }

    function drawBars(self) {
      const inside = self.inside();
      const most = Math.max(...data.runs[kind.value].flat().map(([, work]) => work)) / 100;
      const [now, without] = [run(), bare()];
      const parts = [];
      [["time", now.time, without.time, longest()], ["work", now.work, without.work, most]].forEach(([name, value, before, limit], i) => {
        const x = linear([0, limit * 1.15], inside.x);
        const top = 14 + 48 * i;
        parts.push(
          svg("text", { x: inside.x[0] - 8, y: top + 19, "text-anchor": "end", "aria-hidden": "true" }, name),
          svg("rect", { x: x(0), y: top + 4, width: x(value) - x(0), height: 20, style: "fill: var(--fig-1); opacity: 0.9" }),
          line([[x(before), top], [x(before), top + 28]], "--fig-ink", "3 3", 1.5),
          svg("text", { x: (x(before) - x(value) > 60 ? x(value) : Math.max(x(value), x(before))) + 6, y: top + 19, "aria-hidden": "true" }, `${value.toFixed(1)} s`),
        );
      });
      self.svg.replaceChildren(...parts);
    }

    function drawCurve(self) {
      const inside = self.inside();
      const top = Math.max(longest(), data.curve[0]) * 1.05;
      const x = linear([-0.3, data.curve.length - 0.7], inside.x);
      const y = linear([0, top], inside.y);
      self.svg.replaceChildren(
        axes(self, x, y, "tasks that run twice", "seconds"),
        line(data.curve.map((time, r) => [x(r), y(time)]), "--fig-ink", "none", 1.2),
        ...data.means.map((time, i) => svg("circle", { cx: x(data.copies[i]), cy: y(time), r: 4, style: "fill: var(--fig-3)" })),
        svg("circle", { cx: x(data.copies[copies.value]), cy: y(run().time), r: 6, style: "fill: var(--fig-1)" }),
      );
    }

    function inWords() {
      const [now, without] = [run(), bare()];
      const r = data.copies[copies.value];
      const again = now.spans.filter((span) => span.again).length;
      const lost = without.spans.some((span) => span.fate === 2);
      const fate = lost ? `; without a copy, its task waits until the lease ends at ${format(data.lease)} s` : ", when its task was done";
      const death = state.dead < 0 ? "" : ` Machine ${state.dead} is killed after ${format(data.crash)} s${fate}.`;
      const compared = r ? ` Without copies: ${without.time.toFixed(2)} s and ${without.work.toFixed(2)} s.` : "";
      return `${r ? `The last ${r} tasks run twice.` : "No task runs twice."}${death} All is done after ${now.time.toFixed(2)} s; `
        + `the machines worked ${now.work.toFixed(2)} s, and ${again} ${again === 1 ? "task was" : "tasks were"} given out again.${compared}`;
    }

    show();
  });
})();
