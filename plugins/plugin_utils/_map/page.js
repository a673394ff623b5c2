"use strict";
(() => {
  const STEP_MILLISECONDS = 300;
  const SIZES = [0.5, 0.63, 0.8, 1, 1.25, 1.6, 2];
  const node = (id) => document.getElementById(id);
  const picture = node("picture");
  let told = JSON.parse(node("data").textContent);
  let chosen = []; // ids: one element, or two containers
  let scale = 0; // 0: as wide as there is room
  let trace = null; // the last one that was made while the lab was followed
  let step = -1; // how far it is shown: a number of its steps
  let walk = 0; // a timer
  let begun = 0; // the id of the last trace that was begun

  const isContainer = (id) => id.startsWith("container:");
  const containerOf = (id) => told.containers.find((one) => one.id === id);
  const drawn = (id) => [...picture.querySelectorAll("[data-id]")].filter((one) => one.dataset.id === id);

  function make(name, text, kind) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  // A test compares it with ways.py of the tests.
  function descent(container, link) {
    const below = new Map();
    for (const [above, under] of told.links) if (!below.has(above)) below.set(above, under);
    const found = [container, link];
    while (below.has(found.at(-1))) found.push(below.get(found.at(-1)));
    return found;
  }

  function way(from, to) {
    const [one, other] = [from, to].map(containerOf);
    for (const here of one.interfaces) {
      const there = other.interfaces.find((each) => each.network === here.network);
      if (!there) continue;
      const down = descent(from, here.id);
      const up = descent(to, there.id);
      const turn = down.find((id) => up.includes(id));
      if (turn) {
        const back = up.slice(0, up.indexOf(turn)).reverse();
        return { network: here.network, elements: [...down.slice(0, down.indexOf(turn) + 1), ...back], why: "" };
      }
      const gap = down.at(-1) === "underlay" ? up : down;
      const name = gap === down ? one.name : other.name;
      return { network: here.network, elements: gap, why: `The way of ${name} ends here.` };
    }
    return { network: "", elements: [], why: `${one.name} and ${other.name} share no network.` };
  }

  const differing = (id) => told.differences.filter((one) => one.element === id);

  function why(one) {
    const line = make("p", undefined, "why");
    line.append(make("b", one.number), make("span", one.text));
    return line;
  }

  function hop(id) {
    const about = told.about[id];
    const bad = differing(id).length > 0;
    const item = make("li", about.title, bad ? "bad" : "");
    const rows = about.rows.filter(([what]) => ["address", "addresses", "VNI", "MTU", "state", "subnet"].includes(what));
    item.append(make("small", rows.map(([what, value]) => (/VNI|MTU/.test(what) ? `${what} ${value}` : value)).join(" \u00b7 ")));
    return item;
  }

  function showWay(details) {
    const [one, other] = chosen.map((id) => containerOf(id).name);
    const found = way(...chosen);
    details.append(make("h2", `${one} to ${other}`));
    if (found.network) details.append(make("p", `Over the network ${found.network}`, "hint"));
    const list = make("ol", undefined, "way");
    for (const id of found.elements) list.append(hop(id));
    details.append(list);
    if (found.why) details.append(make("p", found.why, "gap"));
    return found.elements;
  }

  function showElement(details, id) {
    const about = told.about[id];
    details.append(make("h2", about.title));
    const list = make("dl");
    for (const [what, value] of about.rows) list.append(make("dt", what), make("dd", value));
    details.append(list);
    const parts = isContainer(id) ? containerOf(id).interfaces.map((one) => one.id) : [];
    for (const one of [id, ...parts].flatMap(differing)) details.append(why(one));
    if (isContainer(id)) details.append(make("p", "Choose a second container to see the way between them.", "hint after"));
  }

  function showHint(details) {
    details.append(make("h2", "How to read it"));
    details.append(make("p", "Choose anything to see what it is. Choose two containers to see the way between them."));
    const keys = make("p", undefined, "hint");
    for (const [key, what] of [["Tab", "and arrows move"], ["Enter", "chooses"], ["Esc", "lets go"]])
      keys.append(make("kbd", key), ` ${what}  `);
    details.append(keys);
  }

  // -- a trace --

  const isLast = () => step >= trace.steps.length - 1;
  const lostAt = () => trace.steps.find((one) => one.lost);

  function showTrace(details) {
    details.append(make("h2", trace.title || "Trace"));
    const controls = make("p", `Traced at ${trace.made} `, "hint controls");
    if (trace.steps.length)
      for (const [what, act] of [["Play", play], ["Step", forward]]) {
        const button = make("button", what);
        button.type = "button";
        button.dataset.trace = what;
        button.addEventListener("click", act);
        controls.append(button);
      }
    details.append(controls, make("p", trace.verdict, `trace-verdict ${trace.ok ? "is-wanted" : "is-differing"}`));
    const list = make("ol", undefined, "way traced");
    trace.hops.forEach((hop, number) => {
      const lost = lostAt()?.hop === number;
      const item = make("li", hop.name, lost ? "bad" : "");
      item.dataset.hop = number;
      if (hop.number === null) item.classList.add("unheard");
      const cells = [["there", hop.request], ["back", hop.reply]].filter(([, cell]) => cell && cell !== "-");
      const silent = hop.number === null ? "a bridge: what it forwards is not heard" : "not seen";
      item.append(make("small", cells.map((one) => one.join(" ")).join(" \u00b7 ") || silent));
      list.append(item);
    });
    details.append(list);
  }

  // What the packet has passed is lit, where it is now is marked, and where it was lost has a cross.
  function showStep() {
    const shown = !chosen.length && trace ? trace.steps.slice(0, step + 1) : [];
    const now = shown.at(-1);
    const elements = (one) => (one ? trace.hops[one.hop].elements : []);
    if (now) light(shown.filter((one) => !one.lost).flatMap(elements));
    const here = elements(now);
    picture.querySelectorAll(".lost-mark").forEach((one) => one.remove());
    for (const one of picture.querySelectorAll("[data-id]")) {
      one.classList.toggle("now", !now?.lost && here.includes(one.dataset.id));
      one.classList.toggle("lost", Boolean(now?.lost) && here.includes(one.dataset.id));
    }
    for (const one of now?.lost ? here.flatMap(drawn).slice(0, 1) : []) cross(one);
    for (const item of document.querySelectorAll(".traced li")) {
      if (now && Number(item.dataset.hop) === now.hop) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
  }

  function cross(one) {
    const box = one.querySelector(".shape").getBBox();
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
    mark.setAttribute("class", "lost-mark");
    mark.setAttribute("d", "M-6-6 6 6M6-6-6 6");
    mark.setAttribute("transform", `translate(${box.x + 9} ${box.y})`);
    picture.querySelector("svg").append(mark);
  }

  function rest() {
    clearTimeout(walk);
    walk = 0;
  }

  function forward() {
    rest();
    step = isLast() ? 0 : step + 1;
    showStep();
  }

  function play() {
    rest();
    step = -1;
    (function next() {
      step += 1;
      showStep();
      if (!isLast()) walk = setTimeout(next, STEP_MILLISECONDS);
    })();
  }

  function begin(made) {
    trace = made;
    chosen = [];
    rest();
    // Who wants no motion gets the end of it, and may go step by step.
    step = trace.steps.length - 1;
    show();
    if (trace.steps.length && !matchMedia("(prefers-reduced-motion: reduce)").matches) play();
  }

  function show() {
    const details = node("details");
    details.replaceChildren();
    details.classList.toggle("idle", !chosen.length && !trace);
    const elements = chosen.length === 2 ? showWay(details) : [];
    if (chosen.length === 1) showElement(details, chosen[0]);
    if (!chosen.length) (trace ? showTrace : showHint)(details);
    picture.classList.toggle("has-way", chosen.length === 2 || (!chosen.length && Boolean(trace?.steps.length)));
    for (const one of picture.querySelectorAll("[data-id]")) {
      one.classList.toggle("chosen", chosen.includes(one.dataset.id));
      if (one.hasAttribute("role")) one.setAttribute("aria-pressed", chosen.includes(one.dataset.id));
    }
    light(elements);
    showStep();
  }

  function light(elements) {
    const on = new Set(elements);
    for (const one of picture.querySelectorAll("[data-id]")) one.classList.toggle("on", on.has(one.dataset.id));
    for (const one of picture.querySelectorAll("[data-link]"))
      one.classList.toggle("on", on.size > 0 && one.dataset.link.split(" ").every((id) => on.has(id)));
  }

  function choose(id) {
    if (!told.about[id]) return;
    rest();
    if (chosen.includes(id)) chosen = chosen.filter((one) => one !== id);
    else if (chosen.length === 1 && isContainer(chosen[0]) && isContainer(id)) chosen = [chosen[0], id];
    else chosen = [id];
    show();
  }

  function showState() {
    const { ok, differences } = told;
    const verdict = node("verdict");
    verdict.textContent = ok ? "\u2713 as wanted" : `\u25b2 ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`;
    verdict.className = `verdict ${ok ? "is-wanted" : "is-differing"}`;
    node("subtitle").textContent = told.subtitle;
    const section = node("differences");
    section.replaceChildren();
    if (!differences.length) return;
    section.append(make("h2", "Differs from the lab file"));
    const list = make("ul", undefined, "list");
    for (const one of differences) {
      const item = make("li");
      const button = make("button");
      button.type = "button";
      button.append(make("b", one.number), make("span", one.host ? `${one.host}: ${one.text}` : one.text));
      button.addEventListener("click", () => {
        rest();
        chosen = [];
        const owner = told.containers.find((each) => each.interfaces.some((link) => link.id === one.element));
        choose(owner ? owner.id : one.element);
        drawn(owner ? owner.id : one.element)[0]?.scrollIntoView({ block: "nearest", inline: "center" });
      });
      item.append(button);
      list.append(item);
    }
    section.append(list);
  }

  // -- size --

  function natural() {
    return Number(picture.querySelector("svg").getAttribute("width"));
  }

  function fitting() {
    const room = picture.clientWidth / natural();
    return Math.min(1.25, Math.max(0.72, room));
  }

  function size() {
    picture.querySelector("svg").style.width = `${Math.round(natural() * (scale || fitting()))}px`;
  }

  function zoom(how) {
    const now = scale || fitting();
    if (how === "fit") scale = 0;
    if (how === "in") scale = SIZES.find((one) => one > now + 0.01) ?? SIZES.at(-1);
    if (how === "out") scale = SIZES.filter((one) => one < now - 0.01).at(-1) ?? SIZES[0];
    size();
  }

  // -- keys --

  function middle(one) {
    const box = one.querySelector(".shape").getBoundingClientRect();
    return [box.left + box.width / 2, box.top + Math.min(box.height, 60) / 2];
  }

  // The nearest in the direction of an arrow: what lies aside counts double.
  function neighbour(from, key) {
    const along = key === "ArrowLeft" || key === "ArrowRight" ? 0 : 1;
    const sign = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    const start = middle(from);
    let best = [Infinity, null];
    for (const one of picture.querySelectorAll("[tabindex]")) {
      const at = middle(one);
      const ahead = (at[along] - start[along]) * sign;
      const cost = ahead + 2 * Math.abs(at[1 - along] - start[1 - along]);
      if (one !== from && ahead > 4 && cost < best[0]) best = [cost, one];
    }
    return best[1];
  }

  picture.addEventListener("click", (event) => {
    const one = event.target.closest("[data-id]");
    if (one) choose(one.dataset.id);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      // A trace is what there is to see when nothing is chosen.
      if (!chosen.length) {
        rest();
        trace = null;
      }
      chosen = [];
      show();
      return;
    }
    const one = document.activeElement?.closest?.("#picture [data-id]");
    if (!one || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(one.dataset.id);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      neighbour(one, event.key)?.focus();
    }
  });
  document.querySelector(".tools").addEventListener("click", (event) => {
    if (event.target.dataset.zoom) zoom(event.target.dataset.zoom);
  });
  addEventListener("resize", size);

  // -- a lab that is followed --

  function take(event) {
    const { subtitle, svg, data, trace: made } = JSON.parse(event.data);
    node("subtitle").textContent = told.subtitle = subtitle;
    document.documentElement.dataset.live = "followed";
    if (!svg) return;
    const focused = document.activeElement?.dataset?.id;
    told = { ...data, subtitle };
    picture.innerHTML = svg;
    chosen = chosen.filter((id) => told.about[id]);
    size();
    showState();
    if (made && made.id !== begun) {
      begun = made.id;
      begin(made);
    } else {
      if (made && trace) trace = made;
      show();
    }
    if (focused) drawn(focused)[0]?.focus();
  }

  if ("live" in document.documentElement.dataset) {
    const events = new EventSource("events");
    events.onmessage = take;
    events.onerror = () => {
      node("subtitle").textContent = `${told.subtitle} \u00b7 no longer followed`;
    };
  }
  size();
  showState();
  show();
})();
