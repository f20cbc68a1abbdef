/* What the explorables of all chapters share: scales, a chart in SVG that follows its width,
   labeled controls, a spoken reading, and seeded normal numbers. A chapter's script calls

     Explorable.register("06-low-rank", (figure) => { ... });

   where `figure` has `data`, the JSON of the page, and `stage`, the element to draw in. */
window.Explorable = (function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";

  /* ---- Scales: from data to pixels, and back */

  function linear([from, to], [start, end]) {
    const scale = (value) => start + ((value - from) / (to - from)) * (end - start);
    scale.invert = (pixel) => from + ((pixel - start) / (end - start)) * (to - from);
    scale.ticks = () => {
      const raw = (to - from) / 6;
      const unit = 10 ** Math.floor(Math.log10(raw));
      const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= raw);
      const first = Math.ceil(from / step);
      return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step);
    };
    return scale;
  }

  function log([from, to], range) {
    const inner = linear([Math.log10(from), Math.log10(to)], range);
    const scale = (value) => inner(Math.log10(value));
    scale.invert = (pixel) => 10 ** inner.invert(pixel);
    scale.ticks = () => {
      const low = Math.ceil(Math.log10(from) - 1e-9);
      const high = Math.floor(Math.log10(to) + 1e-9);
      return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
    };
    return scale;
  }

  /* Three significant digits; a power of ten where that is shorter. */
  function format(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e4 || size < 1e-3) {
      const exponent = Math.floor(Math.log10(size) + 1e-9);
      const factor = Number((value / 10 ** exponent).toPrecision(2));
      const power = `10${[...String(exponent)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻").join("")}`;
      return factor === 1 ? power : `${factor}·${power}`;
    }
    return String(Number(value.toPrecision(3)));
  }

  /* The buffer of an array that the page holds as base64. */
  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;

  /* The k nearest that were seen so far: distances, ascending, and names; -1 where none is. */
  function nearest(k) {
    const best = new Float64Array(k).fill(Infinity);
    const names = new Int32Array(k).fill(-1);
    return {
      best, names,
      see(distance, name) {
        if (distance >= best[k - 1]) return;
        let place = k - 1;
        for (; place > 0 && best[place - 1] > distance; place -= 1) {
          best[place] = best[place - 1];
          names[place] = names[place - 1];
        }
        best[place] = distance;
        names[place] = name;
      },
    };
  }

  /* ---- Elements */

  function html(name, properties = {}, ...children) {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  }

  function svg(name, attributes = {}, ...children) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  const stroke = (color, dash = "none", width = 2, opacity = 1) => ({
    fill: "none",
    style: `stroke: var(${color}); stroke-width: ${width}; stroke-dasharray: ${dash}; `
      + `opacity: ${opacity}`,
  });

  /* ---- A chart. `draw(chart)` runs again whenever the width changes. */

  function chart(parent, { label, height, draw }) {
    const canvas = svg("svg", { role: "group", "aria-label": label });
    const margin = { top: 14, right: 14, bottom: 42, left: 68 };
    const self = { svg: canvas, margin, width: 0, height: 0, dragging: false };
    parent.append(canvas);

    self.redraw = () => {
      self.width = Math.max(260, parent.clientWidth);
      self.height = height(self.width);
      canvas.setAttribute("viewBox", `0 0 ${self.width} ${self.height}`);
      draw(self);
    };
    self.inside = () => ({
      x: [margin.left, self.width - margin.right],
      y: [self.height - margin.bottom, margin.top],
    });
    new ResizeObserver(() => {
      if (parent.clientWidth !== self.width) self.redraw();
    }).observe(parent);
    return self;
  }

  /* Axes with a grid; labels name the quantity and its unit. */
  function axes(self, x, y, xLabel, yLabel) {
    const { x: [left, right], y: [bottom, top] } = self.inside();
    const group = svg("g", { "aria-hidden": "true" });
    for (const tick of x.ticks()) {
      group.append(
        svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: bottom, y2: top }),
        svg("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, format(tick)),
      );
    }
    for (const tick of y.ticks()) {
      group.append(
        svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
        svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, format(tick)),
      );
    }
    group.append(
      svg("text", { x: (left + right) / 2, y: bottom + 36, "text-anchor": "middle" }, xLabel),
      svg("text", {
        transform: `translate(13 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle",
      }, yLabel),
    );
    return group;
  }

  function line(points, color, dash, width) {
    const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
    return svg("path", { d: path.join(""), ...stroke(color, dash, width) });
  }

  /* A legend of short strokes: [{ name, color, dash, width, opacity }]. */
  function legend(parent, entries) {
    const list = html("ul", { className: "explorable-legend" });
    for (const { name, color, dash, width, opacity } of entries) {
      const key = svg("svg", { viewBox: "0 0 28 12", "aria-hidden": "true" });
      key.append(svg("path", { d: "M1 6H27", ...stroke(color, dash, width, opacity) }));
      list.append(html("li", {}, key, name));
    }
    parent.append(list);
  }

  /* ---- Controls, each with its label; keyboards come with the native elements */

  let controls = 0;

  function control(parent, label, input) {
    input.id = `explorable-control-${(controls += 1)}`;
    const output = html("output", {});
    output.setAttribute("for", input.id);
    const name = html("label", { htmlFor: input.id }, html("span", {}, label));
    const box = html("div", { className: "explorable-control" }, name, input);
    parent.append(box);
    return { box, name, output };
  }

  function slider(parent, { label, min, max, step = 1, value, show = format }, onInput) {
    const input = html("input", { type: "range", min, max, step });
    input.value = value;
    const { box, name, output } = control(parent, label, input);
    name.append(output);
    const self = {
      box,
      get value() { return Number(input.value); },
      set value(next) { input.value = next; say(); },
      set max(most) { input.max = most; say(); },
      rename(text) { name.firstChild.textContent = text; },
    };
    function say() {
      output.textContent = show(self.value);
      input.setAttribute("aria-valuetext", show(self.value));
    }
    input.addEventListener("input", () => { say(); onInput(self.value); });
    say();
    return self;
  }

  function choice(parent, { label, options, value }, onChange) {
    const select = html("select", {});
    for (const [key, text] of options) select.append(html("option", { value: key }, text));
    select.value = value;
    control(parent, label, select);
    select.addEventListener("change", () => onChange(select.value));
    return {
      get value() { return select.value; },
      set value(next) { select.value = next; },
    };
  }

  /* A point that is dragged up and down, by pointer or arrow keys: a slider to a screen reader.
     `drag(pixel)` hears where the pointer is, `step(sign)` a key; `place` puts the point. */
  function handle(self, { label, min, max, drag, step }) {
    const point = svg("circle", {
      class: "handle", r: 8, tabindex: 0, role: "slider", "aria-label": label,
      "aria-orientation": "vertical", "aria-valuemin": min, "aria-valuemax": max,
    });
    point.place = (x, y, value) => {
      point.setAttribute("cx", x);
      point.setAttribute("cy", y);
      point.setAttribute("aria-valuenow", value);
      point.setAttribute("aria-valuetext", format(value));
    };
    point.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      point.focus();
      point.setPointerCapture(event.pointerId);
      self.dragging = true;
    });
    point.addEventListener("pointermove", (event) => {
      if (!self.dragging || !point.hasPointerCapture(event.pointerId)) return;
      const box = self.svg.getBoundingClientRect();
      drag(((event.clientY - box.top) / box.height) * self.height);
    });
    point.addEventListener("lostpointercapture", () => {
      self.dragging = false;
      self.redraw();
    });
    point.addEventListener("keydown", (event) => {
      const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!sign) return;
      event.preventDefault();
      step(sign);
    });
    return point;
  }

  /* The state of the figure in words. Readers of the screen hear it once it rests. */
  function reading(parent) {
    const seen = html("p", { className: "explorable-reading" });
    const heard = html("p", { className: "visually-hidden", role: "status" });
    let timer = 0;
    parent.append(seen, heard);
    return (text) => {
      seen.textContent = text;
      clearTimeout(timer);
      timer = setTimeout(() => { heard.textContent = text; }, 800);
    };
  }

  /* ---- Chance: a stream of standard normal numbers from a seed */

  function normals(seed) {
    let state = seed >>> 0;
    const uniform = () => { // mulberry32
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    let spare = null;
    return () => { // Box and Muller make two at a time
      if (spare !== null) {
        const value = spare;
        spare = null;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    };
  }

  function register(slug, build) {
    for (const figure of document.querySelectorAll(`[data-explorable="${slug}"]`)) {
      const stage = figure.querySelector(".explorable-stage");
      const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
      stage.replaceChildren();
      build({ stage, data });
    }
  }

  return {
    axes, bytes, chart, choice, format, handle, html, legend, line, linear, log, nearest, normals,
    reading, register, slider, svg,
  };
})();
