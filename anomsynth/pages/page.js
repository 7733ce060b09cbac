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
  const facets = data.facets;
  const [from, to] = data.span;
  const rank = (sample) => sample.rank ?? (data.worst === "low" ? -sample.score : sample.score);

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
    if (image.heat) box.append(make("img", { ...options, src: image.heat, class: "heat" }));
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

  const limit = (id, otherwise) => ($(id).value === "" ? otherwise : Number($(id).value));
  const matches = (sample) =>
    facets.every((name) => !$(name).value || sample[name] === $(name).value) &&
    sample.score >= limit("low", from) - 1e-9 &&
    sample.score <= limit("high", to) + 1e-9;

  const last = facets[facets.length - 1];
  const orders = {
    worst: (a, b) => rank(b) - rank(a),
    best: (a, b) => rank(a) - rank(b),
    name: (a, b) => (a.path < b.path ? -1 : 1),
    kind: (a, b) =>
      a[last] === b[last] ? rank(b) - rank(a) : a[last] < b[last] ? -1 : 1,
  };

  const addCards = () => {
    const part = document.createDocumentFragment();
    for (const sample of shown.slice(drawn, drawn + STEP)) {
      const index = drawn++;
      const item = make("div", { role: "listitem" });
      const card = make("button", { class: "card", type: "button", "aria-label": sample.path });
      card.append(picture(sample.thumb, true));
      const line = make("small");
      line.append(make("span", { class: "score" }, sample.score.toFixed(2)), ` ${sample[last]}`);
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
    if (sample.facts) caption.append(`, ${sample.facts}`);
    for (const reason of sample.reasons) caption.append(make("div", { class: "bad" }, reason));
    const table = make("table");
    for (const [name, value] of sample.table) {
      const row = make("tr");
      row.append(make("td", {}, name), make("td", { class: "n" }, value));
      table.append(row);
    }
    caption.append(table);
    if (!$("zoom").open) $("zoom").showModal();
  };

  const histogram = (name, values, pick) => {
    const counts = new Array(BINS).fill(0);
    const at = (bin) => from + ((to - from) * bin) / BINS;
    for (const value of values) {
      const bin = Math.floor(((value - from) / (to - from)) * BINS);
      counts[Math.min(BINS - 1, Math.max(0, bin))] += 1;
    }
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
      title.textContent = `${at(bin).toFixed(2)} to ${at(bin + 1).toFixed(2)}: ${count}`;
      hit.append(title);
      hit.addEventListener("click", () => pick(at(bin), at(bin + 1)));
      svg.append(hit);
    });
    if (data.limit !== null && data.limit >= from && data.limit <= to) {
      const x = 5 + (210 * (data.limit - from)) / (to - from);
      svg.append(drawing("line", { class: "limit", x1: x, x2: x, y1: 4, y2: 78 }));
    }
    for (const [x, anchor, share] of [[5, "start", 0], [110, "middle", 0.5], [215, "end", 1]]) {
      const label = drawing("text", { x, y: 89, "text-anchor": anchor });
      label.textContent = String(Number(at(share * BINS).toFixed(2)));
      svg.append(label);
    }
    figure.append(svg);
    return figure;
  };

  const choose = (kind) => (low, high) => {
    $(last).value = kind;
    $("low").value = low.toFixed(2);
    $("high").value = high.toFixed(2);
    apply();
    $("filters").scrollIntoView({ block: "start" });
  };

  const toggles = { outlines: "plain", heat: "cool" }; // box -> class of the page without it
  const toggle = (id, wanted = !$(id).checked) => {
    $(id).checked = wanted;
    document.body.classList.toggle(toggles[id], !wanted);
  };

  for (const name of facets) options($(name), distinct(name));
  if ($("histograms")) {
    $("histograms").append(histogram("all", samples.map((sample) => sample.score), choose("")));
    for (const kind of distinct(last)) {
      const scores = samples.filter((sample) => sample[last] === kind).map((sample) => sample.score);
      $("histograms").append(histogram(kind, scores, choose(kind)));
    }
  }
  for (const id of [...facets, "low", "high", "sort"]) $(id).addEventListener("change", apply);
  for (const id of Object.keys(toggles)) {
    if ($(id)) $(id).addEventListener("change", () => toggle(id, $(id).checked));
  }
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
    if (event.key === "o") toggle("outlines");
    if (event.key === "h" && $("heat")) toggle("heat");
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
