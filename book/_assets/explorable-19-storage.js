/* Chapter 19: nine disks under five schemes. Disks are clicked away; the figure says whether data are
   lost, which disks the cheapest repair reads, and which share of all losses of that size each scheme
   survives.

   Data: { "schemes": [{ "name": "RS(6, 3)", "parity": [[1, ...], ...], "disks": ["d1", ...] }, ...],
   "start": "RS(6, 3)" }, where parity are bytes, a row for each disk beyond the data. All else is
   computed here, in the field of 256 elements; course_lib gives the same. */
(function () {
  "use strict";

  const { chart, choice, html, linear, reading, svg } = window.Explorable;

  /* ---- Bytes that can be divided */

  const powers = new Uint8Array(510);
  const logarithms = new Uint8Array(256);
  for (let exponent = 0, power = 1; exponent < 255; exponent += 1) {
    powers[exponent] = power;
    powers[exponent + 255] = power;
    logarithms[power] = exponent;
    power = (power << 1) ^ (power & 0x80 ? 0x11d : 0);
  }
  const multiply = (a, b) => (a && b ? powers[logarithms[a] + logarithms[b]] : 0);
  const divide = (a, b) => (a ? powers[logarithms[a] + 255 - logarithms[b]] : 0);

  /* How many of some rows of bytes are independent. */
  function rank(rows) {
    const left = rows.map((row) => Uint8Array.from(row));
    let found = 0;
    for (let column = 0; left.length && column < left[0].length; column += 1) {
      const at = left.findIndex((row, i) => i >= found && row[column]);
      if (at < 0) continue;
      [left[found], left[at]] = [left[at], left[found]];
      for (let i = found + 1; i < left.length; i += 1) {
        const factor = divide(left[i][column], left[found][column]);
        if (!factor) continue;
        left[i] = left[i].map((value, j) => value ^ multiply(factor, left[found][j]));
      }
      found += 1;
    }
    return found;
  }

  /* What each disk holds, as a combination of the data. */
  function rowsOf(parity) {
    const k = parity[0].length;
    const unit = (j) => Array.from({ length: k }, (_, i) => (i === j ? 1 : 0));
    return [...Array.from({ length: k }, (_, j) => unit(j)), ...parity];
  }

  const without = (rows, lost) => rows.map((_, i) => i).filter((i) => !lost.includes(i));

  function survives(parity, lost) {
    const rows = rowsOf(parity);
    return rank(without(rows, lost).map((i) => rows[i])) === parity[0].length;
  }

  /* The subsets of a list with so many members, in order. */
  function* subsets(list, size) {
    if (size === 0) yield [];
    for (let i = 0; size > 0 && i + size <= list.length; i += 1) {
      for (const rest of subsets(list.slice(i + 1), size - 1)) yield [list[i], ...rest];
    }
  }

  /* The fewest disks whose content gives all lost ones, the first such set; null if data are lost. */
  function repair(parity, lost) {
    if (!survives(parity, lost)) return null;
    const rows = rowsOf(parity);
    const alive = without(rows, lost);
    for (let size = 0; size <= alive.length; size += 1) {
      for (const read of subsets(alive, size)) {
        const known = read.map((i) => rows[i]);
        if (rank([...known, ...lost.map((i) => rows[i])]) === rank(known)) return read;
      }
    }
    return null;
  }

  /* Of all losses of so many disks: how many are survived, and how many there are. */
  function survived(parity, size) {
    const every = rowsOf(parity).map((_, i) => i);
    const all = [...subsets(every, size)];
    return [all.filter((lost) => survives(parity, lost)).length, all.length];
  }

  window.Explorable.disks = { multiply, rank, repair, survived, survives };

  /* ---- The figure */

  window.Explorable.register("19-storage", ({ stage, data }) => {
    const schemes = data.schemes;
    const n = rowsOf(schemes[0].parity).length;
    const kept = schemes.map(({ parity }) => Array.from({ length: n + 1 }, (_, size) => survived(parity, size)));
    const state = { lost: [0] };

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const scheme = choice(controls, {
      label: "Scheme", options: schemes.map(({ name }) => [name, name]), value: data.start,
    }, show);
    const again = html("button", { type: "button" }, "All disks back");
    again.addEventListener("click", () => { state.lost = []; show(); });
    controls.append(html("div", { className: "explorable-control" }, again));

    const row = html("div", { role: "group" });
    row.setAttribute("aria-label", "Nine disks; press one to lose it, or to have it back");
    row.setAttribute("style", "display: grid; gap: 0.4rem; grid-template-columns: repeat(auto-fit, minmax(3.8rem, 1fr))");
    const disks = Array.from({ length: n }, (_, i) => {
      const button = html("button", { type: "button" });
      button.addEventListener("click", () => toggle(i));
      row.append(button);
      return button;
    });
    stage.append(row);
    const say = reading(stage);
    const bars = chart(stage, {
      label: "Losses survived, by scheme", height: () => 34 * schemes.length + 44, draw: drawBars,
    });
    Object.assign(bars.margin, { top: 6, right: 84, bottom: 38, left: 104 });
    const drawn = svg("g", { "aria-hidden": "true" });
    bars.svg.append(drawn);

    function toggle(i) {
      state.lost = state.lost.includes(i) ? state.lost.filter((j) => j !== i)
        : [...state.lost, i].sort((a, b) => a - b);
      show();
    }

    const current = () => schemes.findIndex(({ name }) => name === scheme.value);

    function show() {
      state.repairs = schemes.map(({ parity }) => repair(parity, state.lost));
      const [{ disks: names }, read] = [schemes[current()], state.repairs[current()]];
      disks.forEach((button, i) => {
        const lost = state.lost.includes(i);
        const used = !lost && read !== null && read.includes(i);
        const what = lost ? "lost" : used ? "read" : "whole";
        button.replaceChildren(html("strong", {}, names[i]), html("br"), what);
        button.setAttribute("aria-pressed", String(lost));
        button.setAttribute("aria-label", `Disk ${i + 1}, ${names[i]}: ${what}`);
        const edge = lost ? "2px dashed var(--fig-2)" : used ? "2px solid var(--fig-1)" : "2px solid var(--edge)";
        button.setAttribute("style", `border: ${edge}; padding: 0.35rem 0.2rem; text-align: center`);
      });
      bars.redraw();
      say(inWords());
    }

    function listed(places, names) {
      const words = places.map((i) => names[i]);
      return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
    }

    function inWords() {
      const at = current();
      const { name, parity, disks: names } = schemes[at];
      const [size, read] = [state.lost.length, state.repairs[at]];
      const stored = (n / parity[0].length).toFixed(2);
      const start = `${name} stores ${stored} bytes a byte. `;
      if (size === 0) return `${start}All nine disks are whole.`;
      const [good, all] = kept[at][size];
      const what = read === null ? "data are lost."
        : `nothing is lost. The repair reads ${read.length} ${read.length === 1 ? "disk" : "disks"}: ${listed(read, names)}.`;
      return `${start}Without ${listed(state.lost, names)}: ${what} Of all ${all} losses of ${size} `
        + `${size === 1 ? "disk" : "disks"} it survives ${good}.`;
    }

    function drawBars(self) {
      const { x: [left, right], y: [bottom, top] } = self.inside();
      const x = linear([0, 1], [left, right]);
      const step = (bottom - top) / schemes.length;
      const size = state.lost.length;
      drawn.replaceChildren(...schemes.flatMap(({ name }, k) => {
        const middle = top + (k + 0.5) * step;
        const [good, all] = kept[k][size];
        const read = state.repairs[k];
        return [
          svg("text", {
            x: left - 8, y: middle + 4, "text-anchor": "end",
            style: k === current() ? "font-weight: 700" : "",
          }, name),
          svg("rect", {
            x: left, y: middle - step * 0.3, width: Math.max(1, x(good / all) - left), height: step * 0.6,
            style: `fill: var(${k === current() ? "--fig-1" : "--fig-6"})`,
          }),
          svg("text", { x: right + 6, y: middle + 4 }, read === null ? "data lost" : `reads ${read.length}`),
        ];
      }), svg("text", { x: (left + right) / 2, y: bottom + 16, "text-anchor": "middle" },
        size ? `share of all losses of ${size} survived;` : "lose a disk to compare"), svg("text", {
        x: (left + right) / 2, y: bottom + 32, "text-anchor": "middle" }, size ? "right: these very disks" : ""));
    }

    show();
  });
})();
