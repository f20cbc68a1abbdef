/* Turns the markup of course_lib.notebook.quiz into questions that are answered: the explanations fold
   away, a button checks the choice, and the verdict is announced. */
(function () {
  "use strict";

  function element(name, properties, ...children) {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  }

  function enliven(quiz) {
    const questions = [...quiz.querySelectorAll(".quiz-question")];
    const firstTries = new Map(); // question -> whether its first answer was right
    const score = element("p", { className: "quiz-score", role: "status" });

    function report() {
      if (firstTries.size < questions.length) return;
      const right = [...firstTries.values()].filter(Boolean).length;
      score.textContent = `${right} of ${questions.length} right at the first try.`;
    }

    for (const question of questions) {
      const verdict = element("div", { className: "quiz-verdict", role: "status" });
      const button = element("button", { type: "button" }, "Check");
      for (const why of question.querySelectorAll(".quiz-why")) why.hidden = true;

      button.addEventListener("click", () => {
        const chosen = question.querySelector("input:checked");
        const right = chosen !== null && chosen.value === "right";
        verdict.classList.toggle("right", right);
        if (chosen === null) {
          verdict.replaceChildren(element("p", {}, "Choose an answer first."));
          return;
        }
        const why = chosen.closest(".quiz-choice").querySelector(".quiz-why p");
        verdict.replaceChildren(why.cloneNode(true));
        if (!firstTries.has(question)) firstTries.set(question, right);
        report();
      });
      question.addEventListener("change", () => verdict.replaceChildren());
      question.append(element("div", { className: "quiz-actions" }, button), verdict);
    }
    quiz.append(score);
  }

  document.querySelectorAll("[data-quiz]").forEach(enliven);
})();
