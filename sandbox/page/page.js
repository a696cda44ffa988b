// Going from step to step. Every step has its drawing in the page already; the one that comes begins where the one
// before it was, and what is the same in both (the same data-key) moves to where it belongs now.
"use strict";

const steps = [...document.querySelectorAll(".step")];
const ticks = [...document.querySelectorAll("nav a")];
const [back, next, count, announced] = ["back", "next", "count", "status"].map((id) => document.getElementById(id));
const wantsCalm = matchMedia("(prefers-reduced-motion: reduce)");

const MOVES_FOR = 800, CROSSES_IN = 800, APART = 1000, MOST_PACKETS = 2; // times in milliseconds
const SAMPLES = 48; // points of a cable while it bends
const READING_LINE = 0.45; // the current step is the last one that begins above this part of the window

let current = -1;
let motion = null; // what is moving now, if anything

// Where one is.

function show(number) {
  steps[current]?.classList.remove("current");
  ticks[current]?.removeAttribute("aria-current");
  current = number;
  steps[number].classList.add("current");
  ticks[number].setAttribute("aria-current", "step");
  back.setAttribute("aria-disabled", number === 0);
  next.setAttribute("aria-disabled", number === steps.length - 1);
  count.textContent = `${number + 1} / ${steps.length}`;
}

function go(number, { remember = true } = {}) {
  number = Math.max(0, Math.min(number, steps.length - 1));
  if (number === current) return;
  const before = steps[current];
  motion?.finish();
  show(number);
  if (remember) history.pushState(null, "", address(number));
  const step = steps[number];
  announced.textContent = `${step.dataset.label}: ${step.querySelector("svg").textContent.trim().split("\n").slice(0, 2).join(". ")}`;
  start(before, step, scrollY + step.getBoundingClientRect().top - parseFloat(getComputedStyle(step).scrollMarginTop));
}

function address(number) {
  return `#${steps[number].id}`;
}

function numberIn(hash) {
  return Math.max(0, steps.findIndex((step) => `#${step.id}` === hash));
}

// Who scrolls by hand turns the steps, too.
function follow() {
  if (motion?.scrolls) return;
  const line = innerHeight * READING_LINE;
  const number = Math.max(0, steps.findLastIndex((step) => step.getBoundingClientRect().top <= line));
  if (number === current) return;
  const before = steps[current];
  motion?.finish();
  show(number);
  history.replaceState(null, "", address(number));
  start(before, steps[number], null);
}

// What moves.

function start(before, now, top) {
  const scrolls = top !== null;
  if (wantsCalm.matches) {
    if (scrolls) scrollTo({ top, behavior: "instant" });
    return;
  }
  const from = scrollY;
  const acts = [...now.querySelectorAll("svg")].flatMap((svg, index) => changes(before?.querySelectorAll("svg")[index], svg));
  const crossing = packets(now);
  const began = performance.now();
  const ends = MOVES_FOR + Math.max(0, ...crossing.map((packet) => packet.ends));
  const mine = { scrolls, finish };
  motion = mine;

  function frame(time) {
    if (motion !== mine) return;
    const gone = time - began;
    const part = Math.min(Math.max(gone / MOVES_FOR, 0), 1);
    const eased = part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2;
    if (mine.scrolls) scrollTo({ top: from + (top - from) * eased, behavior: "instant" });
    if (part === 1) mine.scrolls = false;
    acts.forEach((act) => act(eased));
    crossing.forEach((packet) => packet.at(gone - MOVES_FOR));
    if (gone < ends) requestAnimationFrame(frame);
    else finish();
  }

  function finish() {
    motion = null;
    acts.forEach((act) => act(1));
    crossing.forEach((packet) => packet.dot.remove());
    if (mine.scrolls) scrollTo({ top, behavior: "instant" });
    document.body.classList.remove("moving");
  }

  document.body.classList.add("moving");
  frame(began);
}

// For all that is in one of two drawings: what to do at each part, from 0 to 1, of the way.
function changes(before, now) {
  const known = new Map([...(before?.querySelectorAll("[data-key]") ?? [])].map((part) => [part.dataset.key, part]));
  const acts = [];
  for (const part of now.querySelectorAll("[data-key]")) {
    const old = known.get(part.dataset.key);
    known.delete(part.dataset.key);
    if (!old) acts.push((at) => fade(part, at));
    else if (part.matches(".cable")) acts.push(bend(part, old));
    else acts.push(slide(part, old));
  }
  for (const old of known.values()) acts.push(vanish(old, now));
  return acts;
}

function fade(part, at) {
  if (at < 1) part.setAttribute("opacity", at);
  else part.removeAttribute("opacity");
}

function vanish(old, svg) {
  const ghost = old.cloneNode(true);
  for (const attribute of ["data-key", "data-interface", "data-place"]) ghost.removeAttribute(attribute);
  svg.append(ghost);
  return (at) => (at < 1 ? fade(ghost, 1 - at) : ghost.remove());
}

// What stands somewhere moves, and its box grows or shrinks.
function slide(part, old) {
  const box = part.querySelector("rect"), oldBox = old.querySelector("rect");
  const from = [...place(old), ...size(oldBox)], to = [...place(part), ...size(box)];
  return (at) => {
    const [x, y, width, height] = to.map((end, i) => from[i] + (end - from[i]) * at);
    part.setAttribute("transform", `translate(${x} ${y})`);
    if (!part.matches("[data-key^=notes]")) {
      box.setAttribute("width", width);
      box.setAttribute("height", height);
    }
  };
}

function place(part) {
  return part.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
}

function size(rect) {
  return ["width", "height"].map((name) => Number(rect?.getAttribute(name)));
}

// A cable bends from its old way to the new one point by point.
function bend(cable, old) {
  const way = cable.querySelector(".wire").getAttribute("d");
  const from = points(old.querySelector(".wire")), to = points(cable.querySelector(".wire"));
  return (at) => {
    const bent = "M" + from.map(([x, y], i) => `${x + (to[i][0] - x) * at} ${y + (to[i][1] - y) * at}`).join(" L");
    for (const path of cable.querySelectorAll(".wire, .casing")) path.setAttribute("d", at < 1 ? bent : way);
  };
}

function points(path) {
  const length = path.getTotalLength();
  return Array.from({ length: SAMPLES + 1 }, (_, i) => path.getPointAtLength((length * i) / SAMPLES)).map(({ x, y }) => [x, y]);
}

// The packets that crossed in a step, cable after cable from where they set out, then back.
function packets(step) {
  const cables = [...step.querySelectorAll(".cable")];
  const numberOf = (cable, way) => Number(cable.dataset[way]);
  const farthest = Math.max(...cables.filter((cable) => numberOf(cable, "ahead")).map((cable) => numberOf(cable, "hop")), 0);
  return cables.flatMap((cable) => {
    const hop = numberOf(cable, "hop");
    return [
      ...crossing(cable, numberOf(cable, "ahead"), hop, false),
      ...crossing(cable, numberOf(cable, "back"), 2 * farthest + 1 - hop, true),
    ];
  });
}

function crossing(cable, number, turn, isBack) {
  const path = cable.querySelector(".wire");
  return Array.from({ length: Math.min(number, MOST_PACKETS) }, (_, i) => {
    const leaves = i * APART + Math.max(0, turn) * CROSSES_IN;
    const dot = document.createElementNS(path.namespaceURI, "circle");
    dot.setAttribute("class", "packet");
    dot.setAttribute("r", 5);
    return { dot, ends: leaves + CROSSES_IN, at };

    function at(time) {
      const part = (time - leaves) / CROSSES_IN;
      if (part < 0 || part > 1) return dot.remove();
      const { x, y } = path.getPointAtLength(path.getTotalLength() * (isBack ? 1 - part : part));
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      if (!dot.parentNode) cable.append(dot);
    }
  });
}

// Keys, buttons, links, the history of the browser.

const KEYS = {
  ArrowRight: () => current + 1, j: () => current + 1,
  ArrowLeft: () => current - 1, k: () => current - 1,
  Home: () => 0, End: () => steps.length - 1,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const isSpace = event.key === " " && !event.target.closest("button, a, summary");
  const number = isSpace ? current + (event.shiftKey ? -1 : 1) : KEYS[event.key]?.();
  if (number === undefined) return;
  event.preventDefault();
  go(number);
});

addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#step-"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(numberIn(link.hash));
  steps[current].querySelector("h2").focus({ preventScroll: true });
});

back.addEventListener("click", () => go(current - 1));
next.addEventListener("click", () => go(current + 1));
addEventListener("popstate", () => go(numberIn(location.hash), { remember: false }));
addEventListener("scroll", follow, { passive: true });
addEventListener("resize", follow);
// A hand at the wheel is stronger than we are.
for (const event of ["wheel", "touchstart"]) addEventListener(event, () => motion && (motion.scrolls = false), { passive: true });
addEventListener("beforeprint", () => motion?.finish());

document.documentElement.classList.add("live");
back.hidden = next.hidden = false;
history.scrollRestoration = "manual";
show(numberIn(location.hash));
if (location.hash) steps[current].scrollIntoView({ behavior: "instant" });
