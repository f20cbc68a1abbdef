/* The frame of every page: buttons of a chapter, repairs of the theme, parts loaded on need. */
(function () {
  "use strict";

  const root = document.documentElement.dataset.content_root || "./";
  const loaded = new Map();

  /* Load a script of this folder once; the promise is shared. */
  function load(name) {
    if (!loaded.has(name)) {
      loaded.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${root}_static/${name}`;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${name} is missing`));
        document.head.append(script);
      }));
    }
    return loaded.get(name);
  }

  /* "Open in my JupyterLab" goes to the address that `make course` wrote beside the book.
     Without one, it shows the command. */
  async function openInJupyter(bar, path) {
    const note = bar.querySelector(".chapter-command");
    try {
      const answer = await fetch(`${root}jupyter.json`, { cache: "no-store" });
      if (!answer.ok) throw new Error("no JupyterLab has been started");
      const { url } = await answer.json();
      note.textContent = "";
      window.open(url + path, "_blank", "noopener");
    } catch {
      note.innerHTML = "No JupyterLab is running beside this book. In the folder of the course, run "
        + "<code>make course</code>, then open the address that it prints.";
    }
  }

  function wireChapterBar() {
    for (const bar of document.querySelectorAll(".chapter-bar")) {
      for (const button of bar.querySelectorAll("button[data-open]")) {
        button.addEventListener("click", () => openInJupyter(bar, button.dataset.open));
      }
    }
  }

  /* What the theme leaves out, so that a screen reader and a keyboard find their way. */
  function mendTheme() {
    const set = (selector, attributes) => {
      for (const element of document.querySelectorAll(selector)) {
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      }
    };
    set("div.bd-sidebar-primary", { role: "navigation", "aria-label": "Book" });
    set("button.primary-toggle", { "aria-label": "Show or hide the chapters" });
    set("button.secondary-toggle", { "aria-label": "Show or hide the contents of this page" });
    set("button.theme-switch-button", { "aria-label": "Colors: light, dark or as the system" });
    for (const button of document.querySelectorAll("button.search-button-field")) {
      button.removeAttribute("aria-label"); // its text, "Search", is the better name
    }
    for (const summary of document.querySelectorAll("nav.bd-links details > summary")) {
      const parent = summary.closest("li").querySelector("a").textContent.trim();
      summary.setAttribute("aria-label", `Pages below ${parent}`);
    }
  }

  /* What is wider than its frame scrolls sideways; a keyboard must be able to reach it. */
  function letKeyboardScroll() {
    const watch = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
        else target.removeAttribute("tabindex");
      }
    });
    const frames = "div.highlight pre, .pst-scrollable-table-container";
    for (const frame of document.querySelectorAll(frames)) watch.observe(frame);
  }

  function loadParts() {
    if (document.querySelector("[data-quiz]")) load("quiz.js");
    for (const figure of document.querySelectorAll("[data-explorable]")) {
      load("explorable.js").then(() => load(`explorable-${figure.dataset.explorable}.js`));
    }
  }

  /* Sphinx brings MathJax to pages with formulas in their text; a cell may print the only ones. */
  function typesetOutputs() {
    const printed = [...document.querySelectorAll(".mathjax_process")];
    const formulas = printed.some((output) => output.textContent.includes("\\("));
    if (formulas && !window.MathJax) load("vendor/mathjax/tex-chtml.js");
  }

  /* Paper cannot unfold anything. Folded code stays away from it; see course.css. */
  function unfoldForPrint() {
    let opened = [];
    window.addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open], [hidden], .hide)")];
      for (const details of opened) details.open = true;
    });
    window.addEventListener("afterprint", () => {
      for (const details of opened) details.open = false;
    });
  }

  function start() {
    wireChapterBar();
    mendTheme();
    letKeyboardScroll();
    loadParts();
    typesetOutputs();
    unfoldForPrint();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
