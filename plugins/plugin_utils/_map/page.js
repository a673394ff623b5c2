"use strict";
(() => {
  const SIZES = [0.5, 0.63, 0.8, 1, 1.25, 1.6, 2];
  const node = (id) => document.getElementById(id);
  const picture = node("picture");
  let told = JSON.parse(node("data").textContent);
  let chosen = []; // ids: one element, or two containers
  let scale = 0; // 0: as wide as there is room

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

  function show() {
    const details = node("details");
    details.replaceChildren();
    details.classList.toggle("idle", !chosen.length);
    const elements = chosen.length === 2 ? showWay(details) : [];
    if (chosen.length === 1) showElement(details, chosen[0]);
    if (!chosen.length) showHint(details);
    const on = new Set(elements);
    picture.classList.toggle("has-way", chosen.length === 2);
    for (const one of picture.querySelectorAll("[data-id]")) {
      one.classList.toggle("on", on.has(one.dataset.id));
      one.classList.toggle("chosen", chosen.includes(one.dataset.id));
      if (one.hasAttribute("role")) one.setAttribute("aria-pressed", chosen.includes(one.dataset.id));
    }
    for (const one of picture.querySelectorAll("[data-link]"))
      one.classList.toggle("on", on.size > 0 && one.dataset.link.split(" ").every((id) => on.has(id)));
  }

  function choose(id) {
    if (!told.about[id]) return;
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
    const { subtitle, svg, data } = JSON.parse(event.data);
    node("subtitle").textContent = told.subtitle = subtitle;
    if (!svg) return;
    const focused = document.activeElement?.dataset?.id;
    told = { ...data, subtitle };
    picture.innerHTML = svg;
    chosen = chosen.filter((id) => told.about[id]);
    size();
    showState();
    show();
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
