/* The reader's comforts. Every page can be read without this file; nothing here
   computes a number: what depends on the input always comes from the server. */
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};
const remember = (key, value) => {
  try { localStorage.setItem(key, value); } catch { /* no storage */ }
};
const recall = (key) => {
  try { return localStorage.getItem(key); } catch { return null; }
};

/* Formulas: MathML is in the page, KaTeX draws it more finely ------------------ */
function drawFormulas(root) {
  if (!window.katex) return;
  for (const box of $$(".formula[data-tex]", root)) {
    const drawn = make("span");
    try {
      katex.render(box.dataset.tex, drawn, { throwOnError: true });
      box.replaceChildren(drawn);
    } catch { /* the MathML stays */ }
  }
}

/* Theme ------------------------------------------------------------------------------ */
const THEMES = ["", "light", "dark"];
function showTheme() {
  const theme = document.documentElement.dataset.theme ?? "";
  $("#theme").textContent = `Theme: ${theme || "system"}`;
}
function nextTheme() {
  const now = document.documentElement.dataset.theme ?? "";
  const theme = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  remember("diptych-theme", theme);
  showTheme();
}

/* Heads, calls and rounds: one at a time, the same one all over the page --------------- */
const picked = new Map();
const kindsOf = (figure) => {
  const sizes = new Map();
  for (const panel of $$(".panel", figure))
    for (const [kind, index] of Object.entries(panel.dataset)) {
      if (!sizes.has(kind)) sizes.set(kind, new Set());
      sizes.get(kind).add(Number(index));
    }
  return new Map([...sizes].filter(([, indices]) => indices.size > 1)
    .map(([kind, indices]) => [kind, [...indices].sort((a, b) => a - b)]));
};
const WORDS = { h: "head", call: "call", round: "round" };
const wordFor = (kind) => WORDS[kind] ?? `axis ${kind.toUpperCase()}`;

function addPickers(root) {
  for (const figure of $$("figure.several", root)) {
    if ($(".pick", figure)) continue;
    for (const kind of kindsOf(figure).keys()) {
      const pick = make("span", { className: "pick" },
        make("button", { type: "button", textContent: "‹", ariaLabel: `previous ${wordFor(kind)}` }),
        make("span", { className: "where" }),
        make("button", { type: "button", textContent: "›", ariaLabel: `next ${wordFor(kind)}` }));
      pick.dataset.kind = kind;
      const [back, on] = $$("button", pick);
      back.addEventListener("click", () => step(kind, -1, figure));
      on.addEventListener("click", () => step(kind, 1, figure));
      $("figcaption", figure).append(pick);
    }
  }
  showPicked();
}
function step(kind, by, figure) {
  const indices = kindsOf(figure).get(kind);
  const now = indices.indexOf(chosen(kind, indices));
  picked.set(kind, indices[(now + by + indices.length) % indices.length]);
  showPicked();
  keepView();
}
const chosen = (kind, indices) => {
  const wanted = picked.get(kind) ?? indices[0];
  return indices.includes(wanted) ? wanted : indices[indices.length - 1];
};
function showPicked() {
  for (const figure of $$("figure.several")) {
    const kinds = kindsOf(figure);
    const shown = bestPanel(figure, kinds);
    for (const panel of $$(".panel", figure)) {
      panel.hidden = panel !== shown;
      $(".which", panel)?.classList.add("unseen");
    }
    for (const pick of $$(".pick", figure)) {
      const kind = pick.dataset.kind;
      const [index, last] = [Number(shown.dataset[kind]), kinds.get(kind).at(-1)];
      $(".where", pick).textContent = kind === "h"
        ? `${wordFor(kind)} ${index} of ${kinds.get(kind).length}`
        : `${wordFor(kind)} ${index + 1} of ${last + 1}`;
    }
  }
}
/* Not every call has every round: what is picked of the first kind counts most. */
function bestPanel(figure, kinds) {
  const picks = [...kinds].map(([kind, indices]) => [kind, chosen(kind, indices)]);
  const score = (panel) => picks.reduce(
    (sum, [kind, index]) => 2 * sum + (Number(panel.dataset[kind]) === index), 0);
  return $$(".panel", figure).reduce(
    (best, panel) => (score(panel) > score(best) ? panel : best));
}
function keepView() {
  const address = new URL(location);
  const view = [...picked].map(([kind, index]) => `${kind}-${index}`).join(",");
  if (view) address.searchParams.set("view", view);
  history.replaceState(null, "", address);
}
function readView() {
  for (const part of (new URL(location).searchParams.get("view") ?? "").split(",")) {
    const [kind, index] = part.split("-");
    if (/^[a-z]+$/.test(kind) && /^\d+$/.test(index)) picked.set(kind, Number(index));
  }
}

/* A cell: both backends' numbers to the last digit ---------------------------------------- */
const readout = make("p", { className: "readout", hidden: true });
readout.setAttribute("role", "status");
function tell(cell) {
  for (const old of $$(".at")) old.classList.remove("at");
  readout.hidden = !cell;
  if (!cell) return;
  cell.classList.add("at");
  const label = $("b", cell) ?? $("th", cell.parentElement);
  const head = cell.closest("table")?.tHead.rows[0].cells[cell.cellIndex];
  for (const each of [label, head]) each?.classList.add("at");
  const name = $(".name", cell.closest("figure")).textContent;
  const where = [label?.textContent, head?.textContent].filter(Boolean).join(" → ");
  readout.textContent = `${name}${where ? `, ${where}` : ""}: ${exactly(cell)}`;
}
function exactly(cell) {
  const { v, w } = ($("i", cell) ?? cell).dataset;
  if (v === undefined) return cell.lastChild.textContent;
  if (w === undefined) return `${v} on both backends`;
  if (v === "" || w === "") return `${v || w} (${v ? "NumPy" : "PyTorch"} only)`;
  const gap = Math.abs(Number(v) - Number(w)).toExponential(1);
  return `NumPy ${v}, PyTorch ${w}, differ by ${gap}`;
}
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
function walkCells(event) {
  const scroll = event.target.closest?.(".scroll");
  if (event.key === "Escape") return tell(null);
  if (!scroll || !(event.key in MOVES)) return;
  event.preventDefault();
  const rows = $$("tbody tr", scroll).map((row) => $$("td", row));
  let i = rows.findIndex((row) => row.some((cell) => cell.matches(".at")));
  let j = i < 0 ? 0 : rows[i].findIndex((cell) => cell.matches(".at"));
  if (i < 0) i = 0;
  else [i, j] = [i + MOVES[event.key][0], j + MOVES[event.key][1]];
  const cell = rows[i]?.[j];
  if (!cell) return;
  tell(cell);
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/* A name: the same quantity lights up in both panels ------------------------------------ */
function wrapNames(root) {
  for (const code of $$("pre.code", root)) {
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode())
      if (walker.currentNode.parentNode === code) texts.push(walker.currentNode);
    for (const text of texts)
      text.replaceWith(...text.data.split(/([A-Za-z_]\w*)/).map((part, index) =>
        index % 2 ? make("span", { className: "n", textContent: part }) : part));
  }
}
function light(target) {
  for (const old of $$(".lit")) old.classList.remove("lit");
  if (!target?.matches?.(".code .n, figcaption .name")) return;
  const name = target.textContent;
  const row = target.closest(".row");
  if (!row) return;
  for (const each of $$(".code .n, figcaption .name", row))
    if (each.textContent === name) each.classList.add("lit");
}

/* Copying: a number is copied with the minus sign that Python reads ------------------------------------------------------------------------------------ */
async function copy(button) {
  const root = button.closest(".pane") ?? $("#rows .function");
  const backend = button.dataset.backend;
  const panes = backend ? $$(`.pane.${backend}`, root) : [root];
  const text = panes.flatMap((pane) => $$("pre", pane)).map((pre) => pre.textContent);
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(`${text.join("\n\n")}\n`);
    button.textContent = "copied";
  } catch {
    button.textContent = "not allowed here";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}

function copyNumbers(event) {
  const text = String(getSelection());
  if (!text.includes("−") || event.target.matches?.("input, textarea")) return;
  event.clipboardData.setData("text/plain", text.replaceAll("−", "-"));
  event.preventDefault();
}

function addCopies(root) {
  for (const label of $$(".pane:not(.empty) > .pane-label", root))
    label.append(make("button", { type: "button", className: "copy", textContent: "copy" }));
}

/* One panel or both, on a narrow screen -------------------------------------------------------- */
function show(which) {
  document.body.classList.toggle("only-numpy", which === "numpy");
  document.body.classList.toggle("only-torch", which === "torch");
  for (const button of $$(".switch button"))
    button.setAttribute("aria-pressed", button.dataset.show === which);
  remember("diptych-show", which);
}

/* Editing: ask the server for the same page on another input -------------------------------------- */
let waiting = null;
let asking = null;
function edited() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 20);
}
async function ask() {
  asking?.abort();
  asking = new AbortController();
  const form = $("#choices");
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) address.searchParams.set(name, value);
  try {
    const answer = await fetch(address, { signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) take(page, address);
    else reject($(".rejection", page)?.textContent ?? page.body.textContent.trim());
  } catch (error) {
    if (error.name !== "AbortError") reject("Not run: the server does not answer.");
  }
}
const nameOf = (details) => details.closest(".row").id + details.className;
function take(page, address) {
  const closed = new Set($$("#rows details:not([open])").map(nameOf));
  for (const id of ["outcome", "merges", "rows"])
    $(`#${id}`).replaceChildren(...$(`#${id}`, page).childNodes);
  for (const details of $$("#rows details")) details.open = !closed.has(nameOf(details));
  address.hash = location.hash;
  history.replaceState(null, "", address);
  tell(null);
  enhance($("#rows"));
  if (picked.size) keepView();
}
function reject(sentence) {
  $("#outcome .rejection")?.remove();
  const said = make("p", { className: "rejection", textContent: sentence });
  said.setAttribute("role", "alert");
  $("#outcome").prepend(said);
}

/* Keys ------------------------------------------------------------------------------------------------ */
function goToStep(by) {
  const rows = $$(".row, .part[id]");
  const top = (row) => row.getBoundingClientRect().top;
  const line = 90;
  const next = by > 0 ? rows.find((row) => top(row) > line)
    : rows.findLast((row) => top(row) < line - 60);
  if (!next) return;
  location.hash = next.id;
  $(".number", next).focus({ preventScroll: true });
}
const pickNext = (by) => {
  const figure = $$("figure.several").find((f) => f.getBoundingClientRect().bottom > 0)
    ?? $("figure.several");
  if (figure) step([...kindsOf(figure).keys()].at(-1), by, figure);
};
const KEYS = {
  j: () => goToStep(1),
  k: () => goToStep(-1),
  n: () => $("a[rel=next]")?.click(),
  p: () => $("a[rel=prev]")?.click(),
  "[": () => pickNext(-1),
  "]": () => pickNext(1),
  t: nextTheme,
  "?": () => $("#keys").showModal(),
};
function pressed(event) {
  walkCells(event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches?.("input, select, textarea") || $("#keys").open) return;
  KEYS[event.key]?.();
}

/* Putting it together ---------------------------------------------------------------------------------- */
function enhance(root) {
  drawFormulas(root);
  addPickers(root);
  addCopies(root);
  wrapNames(root);
}
function start() {
  document.body.append(readout);
  readView();
  enhance(document);
  showTheme();
  show(recall("diptych-show") ?? "both");
  if (matchMedia("(max-width: 900px)").matches)
    for (const details of $$("details")) details.open = false;
  $("#theme").addEventListener("click", nextTheme);
  $("#help").addEventListener("click", KEYS["?"]);
  document.addEventListener("keydown", pressed);
  document.addEventListener("copy", copyNumbers);
  document.addEventListener("pointerover", (event) => light(event.target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".copy")) copy(button);
    if (button?.dataset.show) show(button.dataset.show);
    const cell = event.target.closest(".heat tbody td, .strip li");
    if (cell) tell(cell);
  });
  const form = $("#choices");
  form?.addEventListener("input", edited);
  form?.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  addEventListener("beforeprint", () => {
    for (const details of $$("details")) details.open = true;
  });
}
start();
