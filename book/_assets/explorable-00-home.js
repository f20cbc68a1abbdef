/* The home page: a play is read word by word with a handful of counters (Misra-Gries), and each
   counter stands beside the true count.

   Data: { "title": "Hamlet", "words": ["the", ...], "stream": [0, 5, ...] }: the words by number,
   and the play as numbers. */
(function () {
  "use strict";

  const { chart, html, legend, reading, slider, svg } = window.Explorable;

  const COUNTERS = [10, 20, 50, 100, 200, 500, 1000];
  const ROWS = 12;
  const ROW = 25; // pixels
  const SECONDS = 6; // to read the play by the button

  /* ---- Arithmetic */

  /* Misra-Gries after the first `end` words: a word has its counter raised, or takes a free one,
     or, if none is free, all counters fall by one. Also the true counts. */
  function read(stream, m, end) {
    const counters = new Map();
    const truth = new Map();
    for (let i = 0; i < end; i += 1) {
      const word = stream[i];
      truth.set(word, (truth.get(word) || 0) + 1);
      if (counters.has(word)) counters.set(word, counters.get(word) + 1);
      else if (counters.size < m) counters.set(word, 1);
      else {
        for (const [other, count] of counters) {
          if (count === 1) counters.delete(other);
          else counters.set(other, count - 1);
        }
      }
    }
    return { counters, truth };
  }

  /* How many words have more than 1/(m + 1) of the text, how many of them a counter, and the
     largest error of any word. */
  function judge({ counters, truth }, m, end) {
    let heavy = 0;
    let found = 0;
    let worst = 0;
    for (const [word, count] of truth) {
      const held = counters.get(word) || 0;
      worst = Math.max(worst, count - held);
      if (count * (m + 1) > end) {
        heavy += 1;
        if (held > 0) found += 1;
      }
    }
    return { heavy, found, worst };
  }

  const number = (value) => value.toLocaleString("en-US");

  window.Explorable.home = { judge, read };

  /* ---- Figure */

  window.Explorable.register("00-home", ({ stage, data }) => {
    const total = data.stream.length;
    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const size = slider(controls, {
      label: "Counters", min: 0, max: COUNTERS.length - 1, value: 4,
      show: (i) => String(COUNTERS[i]),
    }, () => picture.redraw());
    const place = slider(controls, {
      label: "Words read", min: 0, max: 200, value: 200, show: (i) => number(at(i)),
    }, () => { stop(); picture.redraw(); });
    const button = html("button", { type: "button" });
    controls.append(button);

    const picture = chart(stage, {
      label: "The most frequent words so far, each with its true count and its counter",
      height: () => ROWS * ROW + 28,
      draw,
    });
    const plot = svg("g");
    picture.svg.append(plot);
    legend(stage, [
      { name: "counter", color: "--fig-1", width: 8 },
      { name: "true count", color: "--fig-ink", width: 2 },
    ]);
    const say = reading(stage);

    function at(i) {
      return Math.round((total * i) / 200);
    }

    /* ---- The button reads on */

    let frame = 0;

    function stop() {
      cancelAnimationFrame(frame);
      frame = 0;
      button.textContent = `Read ${data.title}`;
    }

    button.addEventListener("click", () => {
      if (frame) {
        stop();
        return;
      }
      if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
        place.value = 200;
        picture.redraw();
        return;
      }
      const first = place.value < 200 ? place.value : 0;
      let began = null;
      button.textContent = "Pause";
      const step = (now) => {
        began = began ?? now;
        place.value = Math.min(200, first + (200 * (now - began)) / (1000 * SECONDS));
        picture.redraw();
        if (place.value < 200) frame = requestAnimationFrame(step);
        else stop();
      };
      frame = requestAnimationFrame(step);
    });

    function draw(self) {
      const m = COUNTERS[size.value];
      const end = at(place.value);
      const state = read(data.stream, m, end);
      const top = [...state.truth].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, ROWS);
      const left = self.margin.left;
      const right = self.width - 130;
      const most = top.length ? top[0][1] : 1;
      const x = (count) => left + ((right - left) * count) / most;
      plot.replaceChildren(...top.flatMap(([word, count], row) => {
        const y = 14 + row * ROW;
        const held = state.counters.get(word) || 0;
        return [
          svg("text", { x: left - 8, y: y + 15, "text-anchor": "end" }, data.words[word]),
          svg("rect", {
            x: left, y: y + 3, width: x(held) - left, height: ROW - 9, style: "fill: var(--fig-1)",
          }),
          svg("path", {
            d: `M${x(count).toFixed(1)} ${y}V${y + ROW - 3}`,
            style: "stroke: var(--fig-ink); stroke-width: 2; fill: none",
          }),
          svg("text", { x: x(count) + 8, y: y + 15 },
            held ? `${number(held)} of ${number(count)}` : `none of ${number(count)}`),
        ];
      }));
      const { heavy, found, worst } = judge(state, m, end);
      say(`After ${number(end)} of ${number(total)} words, ${m} counters. `
        + `${heavy} ${heavy === 1 ? "word makes" : "words make"} up more than 1/${m + 1} of the text; `
        + `${found} of them ${found === 1 ? "has" : "have"} a counter. `
        + `No count is too low by more than ${number(worst)}; the promise is ${number(Math.floor(end / (m + 1)))}. `
        + `Counting exactly takes ${number(state.truth.size)} counters by now.`);
    }

    stop();
    picture.redraw();
  });
})();
