/* Chapter 15: ranks that sum their arrays, message by message, on a clock that charges alpha a
   message and beta a byte; or workers that take tasks from a queue. One of them may be killed.

   Data: { "ranks", "bytes", "alpha", "rate" }: where to begin; rate is bytes a second, 1 / beta.
   All is computed here, by the rules of the simulator; course_lib gives the same times. */
(function () {
  "use strict";

  const { chart, choice, format, html, legend, line, linear, reading, slider, svg } =
    window.Explorable;

  const MIDDLE = 0.45; // of the undisturbed time: when a rank is killed; no message ends just then
  const TURNS = 3; // tasks of the queue for each worker
  const PATIENCE = 1.5; // times a task: who does not answer for so long is taken for dead

  /* ---- Programs of a rank: generators that send at once and wait by `yield source`. `y[c]` says
     of how many ranks chunk c is a sum. They are those of course_lib, line by line. */

  function* star(link, y) {
    const p = y.length;
    if (link.rank) {
      link.send(0, 0, p);
      put(y, yield 0);
      return;
    }
    for (let r = 1; r < p; r += 1) add(y, yield r);
    for (let r = 1; r < p; r += 1) link.send(r, 0, p);
  }

  function* tree(link, y) {
    const p = y.length;
    let distance = 1;
    for (; distance < p && link.rank % (2 * distance) === 0; distance *= 2) {
      if (link.rank + distance < p) add(y, yield link.rank + distance);
    }
    if (link.rank) {
      link.send(link.rank - distance, 0, p);
      put(y, yield link.rank - distance);
    }
    for (distance /= 2; distance >= 1; distance /= 2) {
      if (link.rank + distance < p) link.send(link.rank + distance, 0, p);
    }
  }

  function* ring(link, y) {
    const p = y.length;
    const [right, left] = [(link.rank + 1) % p, (link.rank + p - 1) % p];
    for (let step = 0; step < 2 * (p - 1); step += 1) {
      const chunk = (link.rank - step + (step < p - 1 ? 0 : p) + 2 * p) % p;
      link.send(right, chunk, chunk + 1);
      const came = yield left;
      if (step < p - 1) add(y, came);
      else put(y, came);
    }
  }

  function* halving(link, y) {
    let [low, high] = [0, y.length];
    const steps = [];
    for (let distance = y.length / 2; distance >= 1; distance /= 2) {
      const middle = (low + high) / 2;
      const partner = link.rank ^ distance;
      const halves = [[low, middle], [middle, high]];
      const [given, kept] = link.rank & distance ? halves : [halves[1], halves[0]];
      link.send(partner, ...given);
      add(y, yield partner);
      steps.push([partner, given]);
      [low, high] = kept;
    }
    for (const [partner, given] of steps.reverse()) {
      link.send(partner, low, high);
      put(y, yield partner);
      [low, high] = [Math.min(low, given[0]), Math.max(high, given[1])];
    }
  }

  const PROGRAMS = { star, tree, ring, halving };
  const add = (y, { from, chunks }) => chunks.forEach((n, i) => { y[from + i] += n; });
  const put = (y, { from, chunks }) => chunks.forEach((n, i) => { y[from + i] = n; });

  /* ---- The clock. Events happen in the order of their times, and then of their planning. */

  function clock() {
    const events = [];
    let planned = 0;
    return {
      now: 0,
      at(time, act) { events.push({ time, turn: (planned += 1), act }); },
      run() {
        while (events.length) {
          let next = 0;
          events.forEach((e, i) => {
            const first = events[next];
            if (e.time < first.time || (e.time === first.time && e.turn < first.turn)) next = i;
          });
          const [event] = events.splice(next, 1);
          this.now = event.time;
          event.act();
        }
      },
    };
  }

  /* What becomes of a sum of p arrays of `bytes`: each rank has one port out and one port in. */
  function sum(name, p, bytes, alpha, rate, killed = -1, killTime = Infinity) {
    const time = clock();
    const messages = [];
    const states = []; // { time, rank, y }: each time that a rank knows something new
    const ranks = Array.from({ length: p }, (_, rank) => ({
      rank, y: new Array(p).fill(1), out: 0, in: 0, alive: true, inbox: [], waits: null, end: Infinity,
    }));
    if (killed >= 0) time.at(killTime, () => { ranks[killed].alive = false; });

    function send(source, target, from, to) {
      const busy = alpha + ((to - from) * bytes) / p / rate;
      const message = {
        source, target, from, chunks: ranks[source].y.slice(from, to), bytes: ((to - from) * bytes) / p,
        start: Math.max(time.now, ranks[source].out), arrived: Infinity,
      };
      ranks[source].out = message.start + busy;
      messages.push(message);
      time.at(message.start, () => {
        if (!ranks[target].alive) return;
        ranks[target].in = Math.max(time.now, ranks[target].in) + busy;
        time.at(ranks[target].in, () => {
          const cut = !ranks[source].alive && killTime < message.start + busy;
          if (cut || !ranks[target].alive) return;
          message.arrived = time.now;
          ranks[target].inbox.push(message);
          wake(ranks[target]);
        });
      });
    }

    function wake(self) {
      if (self.waits === null) return;
      const place = self.inbox.findIndex((message) => message.source === self.waits);
      if (place >= 0) go(self, self.inbox.splice(place, 1)[0]);
    }

    function go(self, message) {
      self.waits = null;
      const { value, done } = self.program.next(message);
      if (message) states.push({ time: time.now, rank: self.rank, y: [...self.y] });
      if (done) self.end = time.now;
      else self.waits = value;
      wake(self);
    }

    for (const self of ranks) {
      const link = { rank: self.rank, send: (target, from, to) => send(self.rank, target, from, to) };
      self.program = PROGRAMS[name](link, self.y);
      time.at(0, () => go(self));
    }
    time.run();
    return {
      messages, states,
      ends: ranks.map(({ end }) => end),
      waits: ranks.map(({ alive, end, waits }) => (alive && end === Infinity ? waits : null)),
      sent: ranks.map(({ rank }) => messages.reduce((n, m) => n + (m.source === rank ? m.bytes : 0), 0)),
    };
  }

  /* Tasks of equal length; the task of who does not answer goes to the next who is free. */
  function queue(p, count, seconds, killed = -1, killTime = Infinity) {
    const time = clock();
    const todo = Array.from({ length: count }, (_, i) => i);
    const [spans, idle, done] = [[], [], new Array(count).fill(Infinity)];
    function attend(worker) {
      if (!todo.length) {
        idle.push(worker);
        return;
      }
      const span = { task: todo.shift(), worker, start: time.now, end: time.now + seconds };
      spans.push(span);
      if (worker === killed && killTime < span.end) {
        span.lost = true;
        span.end = Math.max(killTime, span.start);
        time.at(span.start + PATIENCE * seconds, () => {
          todo.push(span.task);
          if (idle.length) attend(idle.shift());
        });
        return;
      }
      time.at(span.end, () => {
        done[span.task] = time.now;
        attend(worker);
      });
    }
    for (let worker = 0; worker < p; worker += 1) time.at(0, () => attend(worker));
    time.run();
    return { spans, done };
  }

  window.Explorable.parallel = { sum, queue, MIDDLE, PATIENCE, TURNS };

  /* ---- Words */

  function seconds(value) {
    if (value >= 1) return `${format(value)} s`;
    return value >= 1e-3 ? `${format(value * 1e3)} ms` : `${format(value * 1e6)} µs`;
  }
  function size(value) {
    const unit = ["bytes", "kB", "MB", "GB"][Math.min(3, Math.floor(Math.log10(value) / 3 + 1e-9))];
    return `${format(value / { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit])} ${unit}`;
  }
  const listed = (items) => (items.length < 2 ? items.join("")
    : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`);

  /* ---- The figure */

  window.Explorable.register("15-parallel-optimization", ({ stage, data }) => {
    const state = {};

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const plan = choice(controls, {
      label: "Plan",
      options: [...Object.keys(PROGRAMS), "queue"].map((name) => [name, name]), value: "ring",
    }, prepare);
    const ranks = choice(controls, {
      label: "Ranks p", options: [2, 4, 8, 16].map((p) => [String(p), String(p)]),
      value: String(data.ranks),
    }, prepare);
    const bytes = slider(controls, {
      label: "Bytes N", min: 2, max: 9, step: 0.25, value: Math.log10(data.bytes),
      show: (t) => size(10 ** t),
    }, prepare);
    const alpha = slider(controls, {
      label: "Seconds a message α", min: -7, max: -2, step: 0.25, value: Math.log10(data.alpha),
      show: (t) => seconds(10 ** t),
    }, prepare);
    const rate = slider(controls, {
      label: "Bytes a second 1/β", min: 7, max: 11, step: 0.25, value: Math.log10(data.rate),
      show: (t) => size(10 ** t),
    }, prepare);
    const kill = choice(controls, {
      label: "Kill in the middle",
      options: [["none", "nobody"], ["0", "rank 0"], ["1", "rank 1"], ["last", "the last rank"]],
      value: "none",
    }, prepare);
    const when = slider(controls, {
      label: "Time", min: 0, max: 100, value: 40, show: (t) => seconds((t / 100) * (state.end || 0)),
    }, show);

    const paths = chart(stage, {
      label: "Messages between ranks over time",
      height: (width) => Math.round(Math.min(340, Math.max(230, width * 0.42))),
      draw: drawPaths,
    });
    const cells = chart(stage, {
      label: "What each rank holds",
      height: (width) => Math.round(Math.min(260, Math.max(190, width * 0.32))),
      draw: drawCells,
    });
    legend(stage, [
      { name: "a message on its way, or a task", color: "--fig-1", width: 2 },
      { name: "later", color: "--fig-1", width: 1, opacity: 0.3 },
      { name: "lost", color: "--fig-2", dash: "3 3", width: 2 },
      { name: "time", color: "--fig-ink", dash: "4 2", width: 1.2 },
    ]);
    const say = reading(stage);

    const p = () => Number(ranks.value);
    const isQueue = () => plan.value === "queue";
    const now = () => (when.value / 100) * state.end;
    const victim = () => ({ none: -1, last: p() - 1 })[kill.value] ?? Number(kill.value);

    function prepare() {
      const [N, a, B] = [10 ** bytes.value, 10 ** alpha.value, 10 ** rate.value];
      if (isQueue()) {
        const task = a + N / B;
        state.task = task;
        state.whole = TURNS * task;
        state.killTime = MIDDLE * state.whole;
        state.run = queue(p(), TURNS * p(), task, victim(), state.killTime);
        state.end = Math.max(...state.run.done);
      } else {
        state.whole = Math.max(...sum(plan.value, p(), N, a, B).ends);
        state.killTime = MIDDLE * state.whole;
        state.run = sum(plan.value, p(), N, a, B, victim(), state.killTime);
        state.end = state.whole;
      }
      when.value = when.value; // its words depend on the end
      show();
    }

    function show() {
      paths.redraw();
      cells.redraw();
      say(inWords());
    }

    const ROUND = [1, 1e3, 1e6];
    function drawPaths(self) {
      const inside = self.inside();
      const x = linear([0, state.end], inside.x);
      const y = linear([p() - 0.5, -0.5], inside.y);
      const parts = [];
      const unit = state.end >= 1 ? 0 : state.end >= 1e-3 ? 1 : 2;
      const ticks = linear([0, state.end * ROUND[unit]], inside.x);
      for (const tick of ticks.ticks()) {
        parts.push(
          svg("line", { class: "grid", x1: ticks(tick), x2: ticks(tick), y1: inside.y[0], y2: inside.y[1], "aria-hidden": "true" }),
          svg("text", { x: ticks(tick), y: inside.y[0] + 18, "text-anchor": "middle", "aria-hidden": "true" }, format(tick)),
        );
      }
      parts.push(svg("text", {
        x: (inside.x[0] + inside.x[1]) / 2, y: inside.y[0] + 36, "text-anchor": "middle", "aria-hidden": "true",
      }, ["seconds", "milliseconds", "microseconds"][unit]));
      const gone = victim();
      for (let r = 0; r < p(); r += 1) {
        const until = r === gone ? state.killTime : state.end;
        parts.push(line([[x(0), y(r)], [x(until), y(r)]], "--fig-grid", "none", 1.5));
        if (p() <= 8 || r % 2 === 0) {
          parts.push(svg("text", { x: inside.x[0] - 8, y: y(r) + 4, "text-anchor": "end", "aria-hidden": "true" }, `rank ${r}`));
        }
        if (r === gone) {
          const [cx, cy] = [x(until), y(r)];
          parts.push(
            line([[cx - 5, cy - 5], [cx + 5, cy + 5]], "--fig-2", "none", 2.5),
            line([[cx - 5, cy + 5], [cx + 5, cy - 5]], "--fig-2", "none", 2.5),
          );
        }
      }
      parts.push(...(isQueue() ? bars(x, y) : arrows(x, y)));
      parts.push(line([[x(now()), inside.y[0]], [x(now()), inside.y[1]]], "--fig-ink", "4 2", 1.2));
      self.svg.replaceChildren(...parts);
    }

    function arrows(x, y) {
      return state.run.messages.flatMap((m) => {
        const lost = m.arrived === Infinity;
        const end = lost ? m.start + 0.3 * (state.end - m.start) : m.arrived;
        const fade = m.start > now();
        const drawn = [svg("path", {
          d: `M${x(m.start).toFixed(1)} ${y(m.source).toFixed(1)}L${x(end).toFixed(1)} ${y(m.target).toFixed(1)}`,
          fill: "none",
          style: `stroke: var(${lost ? "--fig-2" : "--fig-1"}); stroke-width: ${fade ? 0.8 : 1.6}; `
            + `stroke-dasharray: ${lost ? "3 3" : "none"}; opacity: ${fade ? 0.3 : 0.9}`,
        })];
        if (!fade && now() < end) {
          const share = (now() - m.start) / (end - m.start);
          drawn.push(svg("circle", {
            cx: x(now()), cy: y(m.source) + share * (y(m.target) - y(m.source)), r: 4,
            style: "fill: var(--fig-1)",
          }));
        }
        return drawn;
      });
    }

    function bars(x, y) {
      const tall = Math.min(18, Math.abs(y(0) - y(1)) * 0.6);
      return state.run.spans.map((span) => svg("rect", {
        x: x(span.start) + 1, y: y(span.worker) - tall / 2, height: tall,
        width: Math.max(1, x(span.end) - x(span.start) - 2),
        style: `fill: var(${span.lost ? "--fig-2" : "--fig-1"}); opacity: ${span.start > now() ? 0.3 : 0.85}`,
      }));
    }

    /* What each rank knows at this time: a row a rank, a column a chunk. */
    function held() {
      const table = Array.from({ length: p() }, () => new Array(p()).fill(1));
      for (const { time, rank, y } of state.run.states) if (time <= now()) table[rank] = y;
      return table;
    }

    function drawCells(self) {
      const inside = self.inside();
      const count = p();
      const rows = isQueue() ? TURNS : count;
      const x = linear([0, count], inside.x);
      const y = linear([rows, 0], inside.y);
      const table = isQueue() ? tasks() : held();
      const parts = [];
      for (let r = 0; r < rows; r += 1) {
        for (let c = 0; c < count; c += 1) {
          const share = table[r][c] / (isQueue() ? 1 : count);
          const dead = !isQueue() && r === victim() && now() >= state.killTime;
          parts.push(svg("rect", {
            x: x(c) + 1, y: y(r) + 1, width: Math.max(1, x(c + 1) - x(c) - 2), height: Math.max(1, y(r + 1) - y(r) - 2),
            style: `fill: var(${dead ? "--fig-2" : "--fig-1"}); fill-opacity: ${dead ? 0.15 : 0.08 + 0.55 * share}`,
          }));
          if (count <= 8) {
            parts.push(svg("text", {
              x: (x(c) + x(c + 1)) / 2, y: (y(r) + y(r + 1)) / 2 + 4, "text-anchor": "middle", "aria-hidden": "true",
            }, isQueue() ? (share === 1 ? "✓" : share ? "…" : "") : dead ? "×" : String(table[r][c])));
          }
        }
        if (count <= 8 || r % 2 === 0 || isQueue()) {
          parts.push(svg("text", {
            x: inside.x[0] - 8, y: (y(r) + y(r + 1)) / 2 + 4, "text-anchor": "end", "aria-hidden": "true",
          }, isQueue() ? `${r * count}–${r * count + count - 1}` : `rank ${r}`));
        }
      }
      parts.push(svg("text", {
        x: (inside.x[0] + inside.x[1]) / 2, y: inside.y[0] + 22, "text-anchor": "middle", "aria-hidden": "true",
      }, isQueue() ? "tasks that are done" : "chunks: how many summands"));
      self.svg.replaceChildren(...parts);
    }

    function tasks() {
      return Array.from({ length: TURNS }, (_, r) => Array.from({ length: p() }, (_, c) => {
        const task = r * p() + c;
        if (state.run.done[task] <= now()) return 1;
        const open = state.run.spans.some((s) => s.task === task && s.start <= now() && !s.lost);
        return open ? 0.4 : 0;
      }));
    }

    function inWords() {
      const gone = victim();
      const death = gone < 0 ? "" : ` Rank ${gone} is killed after ${seconds(state.killTime)}.`;
      if (isQueue()) {
        const ready = state.run.done.filter((t) => t <= now()).length;
        const again = state.run.spans.length - state.run.done.length;
        return `Queue, ${p()} workers, ${TURNS * p()} tasks of ${seconds(state.task)}.${death} All tasks are done after `
          + `${seconds(state.end)}${again ? `, ${again} of them given out twice; without a death it is ${seconds(state.whole)}` : ""}. `
          + `Now ${ready} are done.`;
      }
      const N = 10 ** bytes.value;
      const start = `${plan.value[0].toUpperCase()}${plan.value.slice(1)}, ${p()} ranks, ${size(N)} each.`;
      const sums = held().filter((row, r) => r !== gone && row.every((n) => n === p())).length;
      const after = `Now ${sums} ${gone < 0 ? "" : "living "}ranks hold the whole sum.`;
      if (gone < 0) {
        return `${start} All have the sum after ${seconds(state.whole)}; the busiest rank sends `
          + `${size(Math.max(...state.run.sent))}. ${after}`;
      }
      const stuck = state.run.waits.flatMap((who, r) => (who === null ? [] : [r]));
      const fate = stuck.length
        ? `${stuck.length} of ${p() - 1} others wait forever: ${listed(stuck.slice(0, 4).map((r) => `rank ${r} for rank ${state.run.waits[r]}`))}${stuck.length > 4 ? ", …" : ""}.`
        : "All others get the sum.";
      return `${start}${death} ${fate} ${after}`;
    }

    prepare();
  });
})();
