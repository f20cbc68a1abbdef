/* Chapter 18: keys on a circle, and nodes that are added, taken away, weighted and dragged round it.
   Four rules give each key a node; two bars say what the last change moved, and how full the fullest
   node is. Below, the mean of the fullest share against the points of each node.

   Data: { "keys": names, "nodes": names, "curve": { n: [[v, mean of the fullest], ...] } }. Hashes,
   points and bids are the library's own, bit for bit, for hash function 0. */
(function () {
  "use strict";

  const { axes, chart, choice, format, html, legend, line, linear, log, reading, slider, svg } =
    window.Explorable;

  const POINTS = [1, 2, 5, 10, 20, 50, 100, 200];
  const SLACK = [1, 0.5, 0.25, 0.1, 0.05];
  const MOST = 12; // nodes
  const COLORS = ["--fig-1", "--fig-2", "--fig-3", "--fig-4", "--fig-5", "--fig-6"];

  /* ---- Hashing: splitmix64 and its use on text, as in course_lib */

  const MASK = (1n << 64n) - 1n;
  const GOLDEN = 0x9e3779b97f4a7c15n;

  function mix(word) {
    word = ((word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    word = ((word ^ (word >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return word ^ (word >> 31n);
  }

  function randomWords(seed, size) {
    const start = mix(mix(seed ^ GOLDEN));
    return Array.from({ length: size }, (_, i) => mix((start + BigInt(i + 1) * GOLDEN) & MASK));
  }

  const TEXT = randomWords(0n, 2)[1];

  function hashText(text) {
    const bytes = [...new TextEncoder().encode(text), 0x80];
    let state = TEXT;
    for (let start = 0; start < bytes.length; start += 8) {
      let word = 0n;
      bytes.slice(start, start + 8).forEach((byte, i) => { word |= BigInt(byte) << BigInt(8 * i); });
      state = mix(state ^ word);
    }
    return state;
  }

  const fraction = (word) => Number(word >> 11n) / 2 ** 53;

  /* ---- Rules. A node is { name, weight, shift }; all return indices into the nodes. */

  const cache = new Map();
  function pointsOf(name, size) {
    if (!cache.has(name)) cache.set(name, randomWords(hashText(name), 4 * POINTS.at(-1)).map(fraction));
    return cache.get(name).slice(0, size);
  }

  /* Points of all nodes in order: [place, node]. */
  function circle(nodes, v) {
    const points = nodes.flatMap((node, i) => pointsOf(node.name, Math.max(1, Math.round(node.weight * v)))
      .map((place) => [(place + node.shift + 1) % 1, i]));
    return points.sort((a, b) => a[0] - b[0]);
  }

  function following(points, place) {
    let [low, high] = [0, points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] < place) low = middle + 1;
      else high = middle;
    }
    return low % points.length;
  }

  function ring(keys, nodes, v) {
    const points = circle(nodes, v);
    return keys.map((key) => points[following(points, key.place)][1]);
  }

  const room = (m, n, epsilon) => Math.ceil(((1 + epsilon) * m) / n - 1e-9);

  function bounded(keys, nodes, v, epsilon) {
    const points = circle(nodes.map((node) => ({ ...node, weight: 1 })), v);
    const most = room(keys.length, nodes.length, epsilon);
    const load = nodes.map(() => 0);
    return keys.map((key) => {
      let at = following(points, key.place);
      while (load[points[at][1]] >= most) at = (at + 1) % points.length;
      load[points[at][1]] += 1;
      return points[at][1];
    });
  }

  const remainder = (keys, nodes) => keys.map((key) => Number(key.word % BigInt(nodes.length)));

  function bids(keys, nodes) {
    const words = nodes.map((node) => hashText(node.name));
    return keys.map((key) => {
      const times = words.map((word, i) => {
        const mixed = mix((mix(key.word ^ word) + GOLDEN) & MASK);
        return -Math.log1p(-(Number(mixed >> 12n) + 0.5) * 2 ** -52) / nodes[i].weight;
      });
      return times.indexOf(Math.min(...times));
    });
  }

  const keyOf = (name) => ({ name, word: hashText(name), place: fraction(hashText(name)) });

  /* How full the fullest node is, over what is its due. */
  function fullest(owners, nodes, weighted) {
    const total = nodes.reduce((sum, node) => sum + (weighted ? node.weight : 1), 0);
    return Math.max(...nodes.map((node, i) => (owners.filter((owner) => owner === i).length * total)
      / (owners.length * (weighted ? node.weight : 1))));
  }

  window.Explorable.placement = { bids, bounded, circle, fullest, hashText, keyOf, remainder, ring };

  /* ---- The figure */

  window.Explorable.register("18-placement", ({ stage, data }) => {
    const keys = data.keys.map(keyOf);
    let nodes = [];
    let [owners, first, moved, told] = [[], [], [], ""];

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const rule = choice(controls, {
      label: "Rule",
      options: [["ring", "ring"], ["bounded", "ring, bounded loads"], ["bids", "bids"],
        ["remainder", "remainder"]],
      value: "ring",
    }, settle);
    const points = slider(controls, {
      label: "Points of each node v", min: 0, max: POINTS.length - 1, value: 0,
      show: (i) => String(POINTS[i]),
    }, settle);
    const slack = slider(controls, {
      label: "Bound: 1 + ε, with ε", min: 0, max: SLACK.length - 1, value: 2,
      show: (i) => String(SLACK[i]),
    }, () => change(() => {}, `ε is now ${SLACK[slack.value]}`));
    const who = choice(controls, { label: "Node", options: [["A", "A"]], value: "A" }, () => {
      weight.value = chosen().weight;
    });
    const weight = slider(controls, { label: "Its weight", min: 1, max: 4, value: 1 }, () => {
      const node = chosen();
      const [was, before] = [node.weight, total()];
      change(() => { node.weight = weight.value; }, `Node ${node.name} has weight ${weight.value}`,
        () => Math.abs(node.weight / total() - was / before));
    });
    const buttons = html("div", { className: "explorable-control" });
    buttons.style.cssText = "display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end";
    controls.append(buttons);
    const adder = button("Add a node", add);
    const taker = button("Take it away", take);
    button("Start over", start);

    const map = chart(stage, {
      label: "Keys on a circle, in the color of their node.",
      height: (width) => Math.round(Math.min(width, 460)),
      draw: drawMap,
    });
    const [picture, grips] = [svg("g"), svg("g")];
    map.svg.append(picture, grips);
    const bars = chart(stage, {
      label: "Two bars: the share of keys that moved, and the fullest node over its due.",
      height: () => 130,
      draw: drawBars,
    });
    const below = chart(stage, {
      label: "Mean of the fullest share over the mean, against the points of each node.",
      height: (width) => Math.round(Math.min(280, Math.max(220, width * 0.36))),
      draw: drawCurve,
    });
    legend(stage, [
      { name: "key that moved", color: "--fig-ink", width: 2 },
      { name: "fair share of the change; the mean", color: "--fig-ink", dash: "3 3", width: 2 },
      { name: "mean of the fullest share, ring of equal weights", color: "--fig-2", dash: "7 4" },
    ]);
    const say = reading(stage);

    function button(text, onClick) {
      const node = html("button", { type: "button" }, text);
      node.addEventListener("click", onClick);
      buttons.append(node);
      return node;
    }

    const chosen = () => nodes.find((node) => node.name === who.value);
    const total = () => nodes.reduce((sum, node) => sum + node.weight, 0);
    const onRing = () => rule.value === "ring" || rule.value === "bounded";
    const weighted = () => rule.value === "ring" || rule.value === "bids";

    function assign() {
      const v = POINTS[points.value];
      if (rule.value === "remainder") return remainder(keys, nodes);
      if (rule.value === "bids") return bids(keys, nodes);
      if (rule.value === "ring") return ring(keys, nodes, v);
      return bounded(keys, nodes, v, SLACK[slack.value]);
    }

    /* Whose key was it, and whose is it? By name, since indices shift. */
    let fair = null;
    function change(act, words, due) {
      const before = owners.map((i) => nodes[i].name);
      act();
      listNodes();
      owners = assign();
      moved = keys.map((_, k) => nodes[owners[k]].name !== before[k]);
      first = rule.value === "bounded"
        ? ring(keys, nodes.map((node) => ({ ...node, weight: 1 })), POINTS[points.value]) : owners;
      fair = due && weighted() ? due() : due && due.plain ? due.plain() : null;
      told = words;
      draw();
    }

    function settle() {
      owners = assign();
      change(() => {}, "");
    }

    function add() {
      const name = [...Array(26).keys()].map((i) => String.fromCharCode(65 + i))
        .find((letter) => !nodes.some((node) => node.name === letter) && !gone.has(letter));
      if (!name || nodes.length >= MOST) return;
      const due = () => 1 / total();
      due.plain = () => 1 / nodes.length;
      change(() => {
        nodes.push({ name, weight: 1, shift: 0 });
        gone.add(name);
      }, `Node ${name} came`, due);
      who.value = name;
      weight.value = 1;
    }

    function take() {
      if (nodes.length <= 2) return;
      const node = chosen();
      const [share, plain] = [node.weight / total(), 1 / nodes.length];
      const due = () => share;
      due.plain = () => plain;
      change(() => { nodes = nodes.filter((other) => other !== node); }, `Node ${node.name} left`, due);
    }

    let gone = new Set();
    function start() {
      nodes = data.nodes.map((name) => ({ name, weight: 1, shift: 0 }));
      gone = new Set(data.nodes);
      owners = assign();
      change(() => {}, "");
      who.value = nodes[0].name;
      weight.value = 1;
    }

    /* The list of nodes to choose from, and a grip for each. */
    function listNodes() {
      const select = stage.querySelectorAll("select")[1];
      const kept = who.value;
      select.replaceChildren(...nodes.map(({ name }) => html("option", { value: name }, name)));
      who.value = nodes.some((node) => node.name === kept) ? kept : nodes[0].name;
      weight.value = chosen().weight;
      adder.disabled = nodes.length >= MOST;
      taker.disabled = nodes.length <= 2;
      for (const grip of [...grips.children]) {
        if (!nodes.some((node) => node.name === grip.dataset.node)) grip.remove();
      }
      for (const node of nodes) {
        if (![...grips.children].some((grip) => grip.dataset.node === node.name)) grips.append(gripOf(node));
      }
    }

    function gripOf({ name }) {
      const text = svg("text", { "text-anchor": "middle", dy: "0.35em", "aria-hidden": "true" }, name);
      text.style.cssText = "pointer-events: none; font-weight: 600";
      const disc = svg("circle", {
        class: "handle", r: 11, tabindex: 0, role: "slider", "aria-label": `Node ${name} on the circle`,
        "aria-valuemin": 0, "aria-valuemax": 100,
      });
      disc.style.touchAction = "none";
      const grip = svg("g", {}, disc, text);
      grip.dataset.node = name;
      const node = () => nodes.find((other) => other.name === name);
      const place = () => (pointsOf(name, 1)[0] + node().shift + 1) % 1;
      const move = (by) => { node().shift = (((node().shift + by) % 1) + 1) % 1; };
      disc.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        disc.focus();
        disc.setPointerCapture(event.pointerId);
        held = owners.map((i) => nodes[i].name);
      });
      disc.addEventListener("pointermove", (event) => {
        if (!held || !disc.hasPointerCapture(event.pointerId)) return;
        const box = map.svg.getBoundingClientRect();
        const x = event.clientX - box.left - box.width / 2;
        const y = event.clientY - box.top - box.height / 2;
        move(Math.atan2(x, -y) / (2 * Math.PI) - place());
        drag(name);
      });
      disc.addEventListener("lostpointercapture", () => { held = null; });
      disc.addEventListener("keydown", (event) => {
        const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
        if (!sign) return;
        event.preventDefault();
        held = owners.map((i) => nodes[i].name);
        move(sign / 50);
        drag(name);
        held = null;
      });
      return grip;
    }

    let held = null; // owners when a drag began
    function drag(name) {
      const began = held;
      change(() => {}, `Node ${name} was moved`);
      moved = keys.map((_, k) => nodes[owners[k]].name !== began[k]);
      draw();
    }

    function draw() {
      map.redraw();
      bars.redraw();
      below.redraw();
      say(inWords());
    }

    const movedShare = () => moved.filter(Boolean).length / keys.length;

    function inWords() {
      const v = POINTS[points.value];
      const names = {
        ring: `A ring with ${v} ${v === 1 ? "point" : "points"} a node`,
        bounded: `A ring with ${v} ${v === 1 ? "point" : "points"} a node and room for ${room(keys.length, nodes.length, SLACK[slack.value])} keys in each`,
        bids: "Bids", remainder: "The remainder",
      };
      const full = fullest(owners, nodes, weighted());
      const on = first.filter((owner, k) => owner !== owners[k]).length;
      return `${names[rule.value]}, ${nodes.length} nodes, ${keys.length} keys. The fullest node has ${format(full)} times its due. `
        + (told ? `${told}: ${Math.round(100 * movedShare())}% of the keys moved`
          + `${fair === null ? "" : `, where ${Math.round(100 * fair)}% is the fair share`}. ` : "")
        + (rule.value === "bounded" ? `${on} keys are not at the first node after them.` : "");
    }

    const color = (i) => COLORS[(nodes[i].name.charCodeAt(0) - 65) % COLORS.length];

    /* Six colors, then the same six hollow. */
    const paint = (i) => `stroke: var(${color(i)}); stroke-width: 1.5; fill: `
      + ((nodes[i].name.charCodeAt(0) - 65) % (2 * COLORS.length) < COLORS.length ? `var(${color(i)})` : "none");

    function drawMap(self) {
      if (!nodes.length || owners.length !== keys.length) return;
      const [cx, cy] = [self.width / 2, self.height / 2];
      const radius = Math.min(cx, cy) - 58;
      const at = (place, r) => [cx + r * Math.sin(2 * Math.PI * place), cy - r * Math.cos(2 * Math.PI * place)];
      const shapes = [svg("circle", {
        cx, cy, r: radius, style: "fill: none; stroke: var(--fig-grid); stroke-width: 1",
      })];
      if (onRing()) {
        for (const [place, i] of circle(nodes.map((node) => (weighted() ? node : { ...node, weight: 1 })), POINTS[points.value])) {
          const [[x1, y1], [x2, y2]] = [at(place, radius - 7), at(place, radius + 7)];
          shapes.push(svg("line", { x1, y1, x2, y2, style: `stroke: var(${color(i)}); stroke-width: 2` }));
        }
      }
      const loads = nodes.map((_, i) => owners.filter((owner) => owner === i).length);
      keys.forEach((key, k) => {
        const away = first[k] !== owners[k];
        const [x, y] = at(key.place, radius + (away ? 13 : -13 - 8 * (k % 3)));
        shapes.push(svg("circle", { cx: x, cy: y, r: 3, style: paint(owners[k]) }));
        if (moved[k]) {
          shapes.push(svg("circle", {
            cx: x, cy: y, r: 5, style: "fill: none; stroke: var(--fig-ink); stroke-width: 1.5",
          }));
        }
      });
      const columns = nodes.length > 6 ? 2 : 1;
      const rows = Math.ceil(nodes.length / columns);
      nodes.forEach((node, i) => {
        const x = cx + (columns === 1 ? -16 : (Math.floor(i / rows) ? 6 : -48));
        const y = cy + ((i % rows) - (rows - 1) / 2) * 16;
        shapes.push(
          svg("rect", { x, y: y - 5, width: 10, height: 10, style: paint(i) }),
          svg("text", { x: x + 14, y: y + 5 }, `${node.name} ${loads[i]}`),
        );
      });
      picture.replaceChildren(...shapes);
      /* Grips of nodes that stand near each other take turns at two distances from the circle. */
      const spot = (node) => (pointsOf(node.name, 1)[0] + node.shift + 1) % 1;
      const ranks = [...nodes].sort((x, y) => spot(x) - spot(y));
      let [far, last] = [false, -1];
      const distance = {};
      for (const node of ranks) {
        far = spot(node) - last < 26 / (2 * Math.PI * radius) && !far;
        last = spot(node);
        distance[node.name] = far ? 45 : 21;
      }
      for (const grip of grips.children) {
        const i = nodes.findIndex((node) => node.name === grip.dataset.node);
        grip.style.display = onRing() ? "" : "none";
        if (i < 0) continue;
        const place = spot(nodes[i]);
        const [x, y] = at(place, radius + distance[nodes[i].name]);
        grip.setAttribute("transform", `translate(${x} ${y})`);
        grip.firstChild.setAttribute("aria-valuenow", Math.round(100 * place));
        grip.firstChild.style.stroke = `var(${color(i)})`;
      }
    }

    function drawBars(self) {
      if (!nodes.length || owners.length !== keys.length) return;
      const left = 14;
      const right = self.width - 54;
      const full = fullest(owners, nodes, weighted());
      const rows = [
        ["keys that moved", movedShare(), 1, fair, `${Math.round(100 * movedShare())}%`],
        ["fullest node over its due", full, Math.max(4, full), 1, format(full)],
      ];
      self.svg.replaceChildren(...rows.flatMap(([name, value, most, mark, text], row) => {
        const x = linear([0, most], [left, right]);
        const y = 12 + 60 * row;
        return [
          svg("text", { x: left, y: y + 4 }, name),
          svg("rect", { x: left, y: y + 12, width: right - left, height: 18, style: "fill: var(--fig-grid); fill-opacity: 0.4" }),
          svg("rect", { x: left, y: y + 12, width: Math.max(0, x(value) - left), height: 18, style: `fill: var(${row ? "--fig-2" : "--fig-1"})` }),
          svg("text", { x: right + 8, y: y + 26 }, text),
          ...(mark === null ? [] : [line([[x(mark), y + 8], [x(mark), y + 34]], "--fig-ink", "3 3", 2)]),
        ];
      }));
    }

    function drawCurve(self) {
      if (!nodes.length || owners.length !== keys.length) return;
      const inside = self.inside();
      const known = data.curve[Math.min(MOST, nodes.length)];
      const full = fullest(owners, nodes, weighted());
      const x = log([0.9, 220], inside.x);
      const y = linear([0.9, Math.max(3.4, full + 0.2)], inside.y);
      self.svg.replaceChildren(
        axes(self, x, y, "points of each node", `fullest over mean, ${nodes.length} nodes`),
        line([[inside.x[0], y(1)], [inside.x[1], y(1)]], "--fig-ink", "3 3", 1),
        line(known.map(([v, value]) => [x(v), y(value)]), "--fig-2", "7 4"),
        ...(onRing() ? [svg("circle", {
          cx: x(POINTS[points.value]), cy: y(full), r: 6, style: "fill: var(--fig-1)",
        })] : [line([[inside.x[0], y(full)], [inside.x[1], y(full)]], "--fig-1", "none", 2)]),
      );
    }

    start();
  });
})();
