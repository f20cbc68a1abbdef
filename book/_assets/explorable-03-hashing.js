/* Chapter 03: press words into the bits of a Bloom filter, change its size and the number of hash
   functions, and see who is believed.

   The hash is the library's own, bit for bit, so that a word sets the bits that it sets there.

   Data: { "words": [...], "absent": [...] }, words to press in their order, and others to ask for. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const SIZES = [128, 256, 512, 1024]; // bits
  const MOST = 14; // hash functions
  const LOWEST = 1e-4; // share of false positives at the foot of the chart

  /* ---- Hashing: splitmix64 and its use on text, as in course_lib */

  const MASK = (1n << 64n) - 1n;
  const GOLDEN = 0x9e3779b97f4a7c15n;

  function mix(word) {
    word = ((word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    word = ((word ^ (word >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return word ^ (word >> 31n);
  }

  /* The key for texts under a seed: the second word of the stream that the seed starts. */
  function keyOf(seed) {
    const start = mix(mix(BigInt(seed) ^ GOLDEN));
    return mix((start + 2n * GOLDEN) & MASK);
  }

  /* Eight bytes at a time, the last ones padded with 0x80 and zeros. */
  function hashText(text, seed) {
    const bytes = [...new TextEncoder().encode(text), 0x80];
    let state = keyOf(seed);
    for (let start = 0; start < bytes.length; start += 8) {
      let word = 0n;
      bytes.slice(start, start + 8).forEach((byte, i) => { word |= BigInt(byte) << BigInt(8 * i); });
      state = mix(state ^ word);
    }
    return state;
  }

  /* The first 32 bits of each probe; two hashes serve as many. */
  function probes(hash, count) {
    const step = mix(hash);
    return Array.from({ length: count }, (_, j) => Number(((hash + BigInt(j) * step) & MASK) >> 32n));
  }

  /* ---- The filter */

  const bitOf = (probe, size) => Math.floor((probe * size) / 2 ** 32);

  function fill(words, size, k) {
    const bits = new Uint8Array(size);
    for (const word of words) {
      for (let j = 0; j < k; j += 1) bits[bitOf(word[j], size)] = 1;
    }
    return bits;
  }

  function has(bits, word, k) {
    for (let j = 0; j < k; j += 1) if (!bits[bitOf(word[j], bits.length)]) return false;
    return true;
  }

  const share = (bits) => bits.reduce((sum, bit) => sum + bit, 0) / bits.length;
  const believed = (bits, words, k) => words.filter((word) => has(bits, word, k)).length / words.length;
  const formula = (n, size, k) => (1 - Math.exp((-k * n) / size)) ** k;

  window.Explorable.hashing = { believed, bitOf, fill, formula, has, hashText, probes, share };

  /* ---- The figure */

  window.Explorable.register("03-hashing", ({ stage, data }) => {
    const prepare = (text) => probes(hashText(text, 0), MOST);
    const spoken = data.words.map(prepare);
    const strangers = data.absent.map(prepare);
    const own = []; // words that the reader pressed

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const count = slider(controls, {
      label: "Words of the speech", min: 0, max: spoken.length, value: 60,
    }, redraw);
    const size = choice(controls, {
      label: "Bits m", options: SIZES.map((bits) => [String(bits), String(bits)]), value: "512",
    }, redraw);
    const hashes = slider(controls, {
      label: "Hash functions k", min: 1, max: MOST, value: 3,
    }, redraw);
    const asked = askBox();

    const board = chart(stage, {
      label: "The bits of the filter, and the bits of the word that is asked for.",
      height: (width) => Math.round((width / columns(width)) * (Number(size.value) / columns(width))) + 4,
      draw: drawBoard,
    });
    const cells = svg("g");
    board.svg.append(cells);
    const picture = chart(stage, {
      label: "Share of false positives against the number of hash functions.",
      height: (width) => Math.round(Math.min(320, Math.max(230, width * 0.42))),
      draw: drawCurve,
    });
    const plot = svg("g");
    picture.svg.append(plot);
    legend(stage, [
      { name: "bit that is set", color: "--fig-1", width: 9 },
      { name: "bit of the word asked for", color: "--fig-2", width: 3 },
      { name: "formula", color: "--fig-2", dash: "7 4" },
      { name: `measured on ${strangers.length} strangers`, color: "--fig-1", dash: "2 5", width: 5 },
      { name: "half of the bits set", color: "--fig-3", dash: "6 3 1 3" },
    ]);
    const say = reading(stage);

    /* A word to ask for, and a button that presses it in. */
    function askBox() {
      const input = html("input", {
        type: "text", value: "juliet", maxLength: 40, id: "explorable-03-asked", autocomplete: "off",
      });
      input.style.cssText = "padding: 0.3rem 0.4rem; border: 1px solid var(--edge); "
        + "border-radius: var(--radius); background: var(--paper); font: inherit; color: var(--ink)";
      const button = html("button", { type: "button" }, "Press it in");
      button.style.marginTop = "0.4rem";
      const label = html("label", { htmlFor: input.id }, html("span", {}, "Ask for a word"));
      controls.append(html("div", { className: "explorable-control" }, label, input, button));
      input.addEventListener("input", redraw);
      button.addEventListener("click", () => {
        const text = input.value.trim();
        if (text && !pressed().includes(text)) own.push(text);
        redraw();
      });
      return input;
    }

    const columns = (width) => (width < 520 ? 32 : 64);
    const pressed = () => [...data.words.slice(0, count.value), ...own];
    const inside = () => [...spoken.slice(0, count.value), ...own.map(prepare)];

    function redraw() {
      board.redraw();
      picture.redraw();
      say(inWords());
    }

    function drawBoard(self) {
      const [m, k, across] = [Number(size.value), hashes.value, columns(self.width)];
      const bits = fill(inside(), m, k);
      const word = asked.value.trim();
      const looked = new Set(word ? prepare(word).slice(0, k).map((probe) => bitOf(probe, m)) : []);
      const side = self.width / across;
      cells.replaceChildren(...Array.from(bits, (bit, i) => svg("rect", {
        x: (i % across) * side + 1.5,
        y: Math.floor(i / across) * side + 1.5,
        width: side - 3,
        height: side - 3,
        style: `fill: var(${bit ? "--fig-1" : "--fig-grid"}); fill-opacity: ${bit ? 1 : 0.45}; `
          + `stroke: ${looked.has(i) ? "var(--fig-2)" : "none"}; stroke-width: 3`,
      })));
    }

    function drawCurve(self) {
      const [m, n, words] = [Number(size.value), pressed().length, inside()];
      const area = self.inside();
      const x = linear([0.5, MOST + 0.5], area.x);
      const y = log([LOWEST, 1], area.y);
      x.ticks = () => Array.from({ length: MOST }, (_, i) => i + 1);
      const at = (rate) => y(Math.max(LOWEST, rate));
      const all = Array.from({ length: 131 }, (_, i) => 1 + i / 10);
      const best = n ? (m / n) * Math.LN2 : Infinity;
      const points = x.ticks().map((k) => {
        const rate = believed(fill(words, m, k), strangers, k);
        return svg("circle", {
          cx: x(k), cy: at(rate), r: k === hashes.value ? 7 : 3.5, style: "fill: var(--fig-1)",
        });
      });
      plot.replaceChildren(
        axes(self, x, y, "hash functions k", "false positives"),
        ...(best <= MOST && best >= 1
          ? [line(area.y.map((pixel) => [x(best), pixel]), "--fig-3", "6 3 1 3")] : []),
        line(all.map((k) => [x(k), at(formula(n, m, k))]), "--fig-2", "7 4"),
        ...points,
      );
    }

    function inWords() {
      const [m, k, n] = [Number(size.value), hashes.value, pressed().length];
      const bits = fill(inside(), m, k);
      const rate = believed(bits, strangers, k);
      const word = asked.value.trim();
      const answer = !word ? "" : ` Is "${word}" there? ${verdict(bits, word, k)}`;
      return `${n} words in ${m} bits with k = ${k}: ${(100 * share(bits)).toFixed(0)}% of the bits are set. `
        + `Of ${strangers.length} words that were not pressed, ${(100 * rate).toFixed(1)}% are believed; `
        + `the formula says ${(100 * formula(n, m, k)).toFixed(1)}%. `
        + `${n ? `Best is k near ${format(Math.max(1, (m / n) * Math.LN2))}.` : ""}${answer}`;
    }

    function verdict(bits, word, k) {
      const zero = prepare(word).slice(0, k).findIndex((probe) => !bits[bitOf(probe, bits.length)]);
      if (zero >= 0) return `Certainly not: the bit of hash function ${zero + 1} is zero.`;
      return pressed().includes(word) ? "Perhaps, and it is." : "Perhaps, says the filter, and errs.";
    }

    redraw();
  });
})();
