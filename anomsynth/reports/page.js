"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const samples = data.samples;
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const BINS = 20;
  const STEP = 120; // cards added each time the end of the grid comes near
  let shown = [];
  let drawn = 0;
  let current = -1;
  let outlines = true;

  const make = (tag, attributes = {}, text = "") => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text) node.textContent = text;
    return node;
  };
  const drawing = (tag, attributes) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  const picture = (image, lazy) => {
    const box = make("div", { class: "picture" });
    const options = { src: image.uri, width: image.w, height: image.h, alt: "", decoding: "async" };
    if (lazy) options.loading = "lazy";
    box.append(make("img", options));
    const svg = drawing("svg", { viewBox: `0 0 ${image.w} ${image.h}`, preserveAspectRatio: "none" });
    svg.append(drawing("path", { d: image.outline }));
    box.append(svg);
    return box;
  };

  const options = (select, names) => {
    select.append(make("option", { value: "" }, "all"));
    for (const name of names) select.append(make("option", { value: name }, name));
  };
  const distinct = (key) => [...new Set(samples.map((sample) => sample[key]))].sort();

  const matches = (sample) =>
    (!$("category").value || sample.category === $("category").value) &&
    (!$("kind").value || sample.kind === $("kind").value) &&
    sample.score >= Number($("low").value || 0) - 1e-9 &&
    sample.score <= Number($("high").value || 1) + 1e-9;

  const orders = {
    worst: (a, b) => a.score - b.score,
    best: (a, b) => b.score - a.score,
    name: (a, b) => (a.path < b.path ? -1 : 1),
    kind: (a, b) => (a.kind === b.kind ? a.score - b.score : a.kind < b.kind ? -1 : 1),
  };

  const addCards = () => {
    const part = document.createDocumentFragment();
    for (const sample of shown.slice(drawn, drawn + STEP)) {
      const index = drawn++;
      const item = make("div", { role: "listitem" });
      const card = make("button", { class: "card", type: "button", "aria-label": sample.path });
      card.append(picture(sample.thumb, true));
      const line = make("small");
      line.append(make("span", { class: "score" }, sample.score.toFixed(2)), ` ${sample.kind}`);
      card.append(line, make("small", {}, sample.reasons[0] || ""));
      card.addEventListener("click", () => zoom(index));
      item.append(card);
      part.append(item);
    }
    $("grid").append(part);
  };

  const apply = () => {
    shown = samples.filter(matches).sort(orders[$("sort").value]);
    drawn = 0;
    $("grid").replaceChildren();
    $("count").textContent = `${shown.length} of ${samples.length}`;
    addCards();
  };

  const zoom = (index) => {
    if (index < 0 || index >= shown.length) return;
    current = index;
    const sample = shown[index];
    $("stage").replaceChildren(picture(sample.large || sample.thumb, false));
    const caption = $("caption");
    caption.replaceChildren(make("strong", {}, sample.path), ` score ${sample.score.toFixed(3)}`);
    caption.append(`, fidelity ${sample.fidelity.toFixed(2)}, utility ${sample.utility.toFixed(2)}`);
    for (const reason of sample.reasons) caption.append(make("div", { class: "bad" }, reason));
    const table = make("table");
    for (const [name, value] of Object.entries(sample.terms)) {
      const row = make("tr");
      row.append(make("td", {}, name), make("td", { class: "n" }, value.toFixed(2)));
      table.append(row);
    }
    caption.append(table);
    if (!$("zoom").open) $("zoom").showModal();
  };

  const histogram = (name, values, pick) => {
    const counts = new Array(BINS).fill(0);
    for (const value of values) counts[Math.min(BINS - 1, Math.floor(value * BINS))] += 1;
    const top = Math.max(1, ...counts);
    const figure = make("figure", { class: "chart" });
    figure.append(make("figcaption", {}, `${name} (${values.length})`));
    const svg = drawing("svg", { width: 220, height: 92, role: "img", "aria-label": `scores of ${name}` });
    counts.forEach((count, bin) => {
      const height = (70 * count) / top;
      const x = 5 + bin * 10.5;
      svg.append(drawing("rect", { class: "bar", x, y: 76 - height, width: 9.5, height }));
      const hit = drawing("rect", { class: "hit", x, y: 4, width: 9.5, height: 74 });
      const title = drawing("title", {});
      title.textContent = `${(bin / BINS).toFixed(2)} to ${((bin + 1) / BINS).toFixed(2)}: ${count}`;
      hit.append(title);
      hit.addEventListener("click", () => pick(bin / BINS, (bin + 1) / BINS));
      svg.append(hit);
    });
    for (const [x, text] of [[5, "0"], [106, "0.5"], [207, "1"]]) {
      const label = drawing("text", { x, y: 89 });
      label.textContent = text;
      svg.append(label);
    }
    figure.append(svg);
    return figure;
  };

  const choose = (kind) => (low, high) => {
    $("kind").value = kind;
    $("low").value = low.toFixed(2);
    $("high").value = high.toFixed(2);
    apply();
    $("filters").scrollIntoView({ block: "start" });
  };

  const setOutlines = (wanted) => {
    outlines = wanted;
    $("outlines").checked = wanted;
    document.body.classList.toggle("plain", !wanted);
  };

  options($("category"), distinct("category"));
  options($("kind"), distinct("kind"));
  $("histograms").append(histogram("all", samples.map((sample) => sample.score), choose("")));
  for (const kind of distinct("kind")) {
    const scores = samples.filter((sample) => sample.kind === kind).map((sample) => sample.score);
    $("histograms").append(histogram(kind, scores, choose(kind)));
  }
  for (const id of ["category", "kind", "low", "high", "sort"]) $(id).addEventListener("change", apply);
  $("outlines").addEventListener("change", () => setOutlines($("outlines").checked));
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  $("zoom").addEventListener("click", (event) => {
    if (event.target === $("zoom")) $("zoom").close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey) return;
    if (event.key === "o") setOutlines(!outlines);
    if (event.key === "t") $("theme").click();
    if (!$("zoom").open) return;
    if (event.key === "ArrowRight") zoom(current + 1);
    if (event.key === "ArrowLeft") zoom(current - 1);
  });
  new IntersectionObserver((found) => {
    if (found.some((entry) => entry.isIntersecting) && drawn < shown.length) addCards();
  }, { rootMargin: "600px" }).observe($("more"));
  apply();
  document.body.dataset.ready = "yes";
})();
