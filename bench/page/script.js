"use strict";
// Values under the pointer and the arrow keys, and figures saved as files. The page is complete without.
(() => {
  const ns = "http://www.w3.org/2000/svg";
  const make = (tag, attributes) => {
    const e = document.createElementNS(ns, tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    return e;
  };
  const numbers = (text) => (text.match(/-?\d*\.?\d+/g) || []).map(Number);
  // Points of a path made of M, l, and h with v: one for each value.
  const points = (d) => {
    const out = [];
    let x = 0, y = 0;
    for (const [, c, rest] of d.matchAll(/([Mlhv])([^A-Za-z]*)/g)) {
      const n = numbers(rest);
      if (c === "h") { x += n[0]; continue; } // of a step: its v follows
      if (c === "M") [x, y] = n; else if (c === "v") y += n[0]; else { x += n[0]; y += n[1]; }
      out.push([x, y]);
    }
    return out;
  };
  // Bands and events: from where to where, and what they say.
  const events = (svg) => {
    svg.events ||= [...svg.querySelectorAll("[data-e]")].flatMap((path) => {
      const words = path.dataset.e.split("|"), band = path.classList.contains("band");
      return path.getAttribute("d").split("M").slice(1).map((d, i) => {
        const n = numbers(d), [left, top, right, bottom] = band ? n : [n[0] - 3, n[1], n[0] + 3, n[2]];
        return { left, right, top, bottom, words: words[i] };
      });
    });
    return svg.events;
  };
  const curves = (svg) => {
    if (!svg.known) {
      let places = [];
      svg.known = [...svg.querySelectorAll("path[data-l]")].map((path) => {
        if (path.dataset.x !== undefined) places = path.dataset.x.split("|");
        return { name: path.dataset.n || path.closest("g[data-n]")?.dataset.n || "", at: points(path.getAttribute("d")), values: path.dataset.l.split("|"), places, path };
      });
    }
    return svg.known;
  };
  const small = matchMedia("(max-width: 40rem)");
  for (const figure of document.querySelectorAll("figure")) {
    const drawing = figure.querySelector(".drawing");
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("role", "status");
    tip.hidden = true;
    drawing.append(tip);
    let shown = null;
    const clear = () => {
      tip.hidden = true;
      drawing.querySelectorAll(".cursor, .hit").forEach((e) => e.remove());
      shown = null;
    };
    const say = (svg, head, rows, px, py, also = []) => {
      tip.replaceChildren();
      const b = document.createElement("b");
      b.textContent = head;
      tip.append(b);
      if (rows.length) {
        const table = document.createElement("table");
        for (const r of rows) {
          const tr = table.insertRow();
          for (const text of r) tr.insertCell().textContent = text;
        }
        tip.append(table);
      }
      for (const words of also) tip.appendChild(document.createElement("p")).textContent = words;
      tip.hidden = false;
      const box = svg.getBoundingClientRect(), room = drawing.getBoundingClientRect();
      const view = svg.viewBox.baseVal, scale = box.width / view.width;
      const left = px * scale + 14 + tip.offsetWidth > room.width ? px * scale - 14 - tip.offsetWidth : px * scale + 14;
      tip.style.left = Math.max(0, left) + "px";
      tip.style.top = Math.max(0, Math.min(py * scale - 10, box.height - tip.offsetHeight)) + "px";
    };
    const show = (svg, px, py, panel) => {
      const list = curves(svg);
      if (!list.length) return;
      let x = null;
      for (const c of list) for (const p of c.at) if (x === null || Math.abs(p[0] - px) < Math.abs(x - px)) x = p[0];
      clear();
      shown = { svg, x, y: py };
      const rows = [], heads = new Set(), seen = new Set();
      for (const c of list) {
        let best = -1;
        c.at.forEach((p, i) => { if (best < 0 || Math.abs(p[0] - x) < Math.abs(c.at[best][0] - x)) best = i; });
        if (best < 0 || Math.abs(c.at[best][0] - x) > 8 || seen.has(c.name + c.values[best])) continue;
        seen.add(c.name + c.values[best]);
        rows.push([c.name, c.values[best], c.places[best]]);
        heads.add(c.places[best]);
        svg.append(make("circle", { class: "hit", cx: c.at[best][0], cy: c.at[best][1], r: 4.5 }));
      }
      const grid = svg.querySelector(".grid"), view = svg.viewBox.baseVal;
      svg.prepend(make("line", { class: "cursor", x1: x, x2: x, y1: grid ? grid.getBBox().y : 0, y2: view.height - 38 }));
      // What happened there: in the panel under the pointer; for the keyboard, in any.
      const at = panel ? px : x;
      const also = new Set(events(svg).filter((e) => at >= e.left && at <= e.right && (!panel || py >= e.top && py <= e.bottom)).map((e) => e.words));
      const one = heads.size === 1, most = 4;
      const said = [...also].slice(0, most);
      if (also.size > most) said.push(`and ${also.size - most} more`);
      say(svg, one ? [...heads][0] : "", rows.map((r) => (one ? r.slice(0, 2) : [r[0], r[1] + " at " + r[2]])), x, py, said);
    };
    const mark = (svg, e, px, py) => { clear(); shown = { svg, mark: e, x: px, y: py }; say(svg, e.dataset.m, [], px, py); };
    const hear = (svg) => {
      const place = (event) => {
        const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
        return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      };
      svg.addEventListener("pointermove", (event) => {
        const [px, py] = place(event);
        const e = event.target.closest("[data-m]");
        if (e) mark(svg, e, px, py); else if (curves(svg).length) show(svg, px, py, true); else clear();
      });
      svg.addEventListener("pointerleave", clear);
      svg.addEventListener("blur", clear);
      svg.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
        if (event.key === "Escape") clear();
        if (step === undefined) return;
        event.preventDefault();
        const list = curves(svg);
        if (list.length) {
          const xs = [...new Set(list.flatMap((c) => c.at.map((p) => p[0])))].sort((a, b) => a - b);
          const from = shown && shown.svg === svg ? xs.indexOf(shown.x) : step > 0 ? -1 : xs.length;
          show(svg, xs[Math.max(0, Math.min(xs.length - 1, from + step))], 30);
        } else {
          const marks = [...svg.querySelectorAll("[data-m]")];
          const from = shown && shown.svg === svg ? marks.indexOf(shown.mark) : step > 0 ? -1 : marks.length;
          const e = marks[Math.max(0, Math.min(marks.length - 1, from + step))], box = e.getBBox();
          mark(svg, e, box.x + box.width, box.y + box.height + 8);
        }
      });
    };
    hear(drawing.querySelector("svg"));
    // What few readers look at is text until they do: the drawing for narrow columns and the table.
    const unfold = (where) => {
      const text = where?.querySelector("noscript");
      if (!text) return;
      text.insertAdjacentHTML("beforebegin", text.textContent);
      text.remove();
    };
    const narrow = () => {
      if (!small.matches || drawing.querySelector(".narrow")) return;
      unfold(drawing);
      hear(drawing.querySelector(".narrow"));
    };
    small.addEventListener("change", narrow);
    narrow();
    const details = figure.querySelector("details");
    details?.addEventListener("toggle", () => unfold(details));
    // A file of its own: what the style sheet says is written into each element.
    const properties = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight"];
    const save = () => {
      clear();
      const svg = [...drawing.querySelectorAll("svg")].find((e) => getComputedStyle(e).display !== "none");
      const copy = svg.cloneNode(true), view = svg.viewBox.baseVal;
      const from = svg.querySelectorAll("*"), to = copy.querySelectorAll("*");
      to.forEach((e, i) => {
        if (e.tagName === "title" || e.tagName === "desc") return;
        const computed = getComputedStyle(from[i]);
        for (const p of properties) e.setAttribute(p, computed.getPropertyValue(p));
        e.removeAttribute("class");
      });
      copy.setAttribute("xmlns", ns);
      copy.setAttribute("width", view.width);
      copy.setAttribute("height", view.height);
      for (const a of ["class", "tabindex"]) copy.removeAttribute(a);
      copy.insertBefore(make("rect", { x: -8, y: -8, width: view.width + 16, height: view.height + 16, fill: getComputedStyle(document.body).backgroundColor }), copy.children[2]);
      copy.setAttribute("viewBox", `-8 -8 ${view.width + 16} ${view.height + 16}`);
      const a = document.createElement("a");
      a.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
      a.download = figure.querySelector("h3").textContent.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") + ".svg";
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 1000);
    };
    const tools = document.createElement("div");
    tools.className = "tools";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Save as SVG";
    button.setAttribute("aria-label", "Save as SVG: " + figure.querySelector("h3").textContent);
    button.addEventListener("click", save);
    tools.append(button);
    figure.querySelector("figcaption").after(tools);
  }
})();
