/* Chapter 07: rate five films, and see what a fitted model would have you watch.

   You are one more row of the matrix: a ridge regression on the factors of five films. The slider
   is the weight of its penalty. Nobody else's numbers change.

   Data: { "mean": 3.5, "biasAlpha": 3, "titles": [...], "bias": [...], "Q": [[...], ...],
           "start": [{ "film": 3, "stars": 5 }, ...] }, one entry a film. */
(function () {
  "use strict";

  const { chart, choice, format, html, legend, reading, register, slider, svg } = window.Explorable;

  const SHOWN = 10;

  /* ---- Arithmetic */

  /* Solve A x = b for symmetric positive definite A, by Cholesky. */
  function solve(A, b) {
    const n = b.length;
    const L = A.map((row) => Float64Array.from(row));
    const x = Float64Array.from(b);
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        let sum = L[i][j];
        for (let t = 0; t < j; t += 1) sum -= L[i][t] * L[j][t];
        L[i][j] = i === j ? Math.sqrt(sum) : sum / L[j][j];
      }
    }
    for (let i = 0; i < n; i += 1) {
      for (let t = 0; t < i; t += 1) x[i] -= L[i][t] * x[t];
      x[i] /= L[i][i];
    }
    for (let i = n - 1; i >= 0; i -= 1) {
      for (let t = i + 1; t < n; t += 1) x[i] -= L[t][i] * x[t];
      x[i] /= L[i][i];
    }
    return x;
  }

  /* Factors and bias of a newcomer: the last coefficient belongs to a column of ones. */
  function foldIn(model, films, stars, alpha) {
    const k = model.Q[0].length;
    const A = Array.from({ length: k + 1 }, (_, i) => {
      const row = new Float64Array(k + 1);
      row[i] = i < k ? alpha : model.biasAlpha;
      return row;
    });
    const b = new Float64Array(k + 1);
    films.forEach((film, t) => {
      const f = [...model.Q[film], 1];
      const target = stars[t] - model.mean - model.bias[film];
      for (let i = 0; i <= k; i += 1) {
        b[i] += f[i] * target;
        for (let j = 0; j <= k; j += 1) A[i][j] += f[i] * f[j];
      }
    });
    return solve(A, b);
  }

  /* The predicted rating of every film. */
  function predict(model, films, stars, alpha) {
    const x = foldIn(model, films, stars, alpha);
    const k = x.length - 1;
    return model.Q.map((q, film) => {
      let sum = model.mean + x[k] + model.bias[film];
      for (let i = 0; i < k; i += 1) sum += q[i] * x[i];
      return sum;
    });
  }

  /* The best films that were not rated, best first. */
  function recommend(model, films, stars, alpha, count) {
    const predicted = predict(model, films, stars, alpha);
    return predicted.map((_, film) => film)
      .filter((film) => !films.includes(film))
      .sort((a, b) => predicted[b] - predicted[a])
      .slice(0, count)
      .map((film) => ({ film, stars: predicted[film] }));
  }

  window.Explorable.matrixCompletion = { foldIn, predict, recommend };

  /* ---- The figure */

  register("07-matrix-completion", ({ stage, data }) => {
    const order = data.titles.map((_, film) => film)
      .sort((a, b) => data.titles[a].localeCompare(data.titles[b]));
    const options = order.map((film) => [String(film), data.titles[film]]);

    const controls = html("div", { className: "explorable-controls" });
    stage.append(controls);
    const rows = data.start.map(({ film, stars }, i) => ({
      film: choice(controls, { label: `Film ${i + 1}`, options, value: String(film) }, update),
      stars: slider(controls, {
        label: `Your stars for film ${i + 1}`, min: 0.5, max: 5, step: 0.5, value: stars,
      }, update),
    }));
    const weight = slider(controls, {
      label: "Weight of the penalty", min: -1, max: 5, step: 0.5, value: 1,
      show: (power) => format(2 ** power),
    }, update);

    let found = [];
    const picture = chart(stage, {
      label: "The ten films with the highest prediction for you, and what an average viewer gives them.",
      height: () => 24 + 40 * SHOWN,
      draw,
    });
    legend(stage, [
      { name: "predicted for you", color: "--fig-1", width: 8 },
      { name: "for an average viewer", color: "--fig-2", width: 3 },
    ]);
    const say = reading(stage);

    /* A film that was chosen twice counts once, with its last stars. */
    function rated() {
      const stars = new Map(rows.map((row) => [Number(row.film.value), row.stars.value]));
      return { films: [...stars.keys()], stars: [...stars.values()] };
    }

    function update() {
      const { films, stars } = rated();
      found = recommend(data, films, stars, 2 ** weight.value, SHOWN);
      picture.redraw();
      const names = found.slice(0, 3).map(({ film, stars: s }) => `${data.titles[film]} (${s.toFixed(1)})`);
      const twice = films.length < rows.length ? " A film that is chosen twice counts once." : "";
      say(`With a penalty of ${format(2 ** weight.value)} you would like best: ${names.join(", ")}.${twice}`);
    }

    /* A title that fits, at about seven pixels a letter. */
    function short(title, width) {
      const most = Math.floor(width / 7);
      return title.length > most ? `${title.slice(0, most - 1)}…` : title;
    }

    function draw(self) {
      const left = 4;
      const right = self.width - 48;
      const x = (stars) => left + ((Math.min(5.2, Math.max(2.5, stars)) - 2.5) / 2.7) * (right - left);
      const nodes = found.flatMap(({ film, stars }, i) => {
        const y = 16 + 40 * i;
        const average = x(data.mean + data.bias[film]);
        return [
          svg("text", { x: left, y: y + 4 }, short(data.titles[film], self.width - left)),
          svg("rect", {
            x: left, y: y + 11, width: x(stars) - left, height: 9, style: "fill: var(--fig-1)",
          }),
          svg("line", {
            x1: average, x2: average, y1: y + 8, y2: y + 23,
            style: "stroke: var(--fig-2); stroke-width: 3",
          }),
          svg("text", { x: x(stars) + 6, y: y + 20 }, stars.toFixed(1)),
        ];
      });
      self.svg.replaceChildren(...nodes);
    }

    update();
  });
})();
