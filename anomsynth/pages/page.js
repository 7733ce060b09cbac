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
      if (sample.note) card.append(line, make("small", {}, sample.note));
      else card.append(line);
      card.append(make("small", {}, sample.reasons[0] || ""));
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
    const caption = $("caption");
    caption.replaceChildren(make("strong", {}, sample.path), ` ${data.what} ${sample.score.toFixed(3)}`);
    if (sample.facts) caption.append(`, ${sample.facts}`);
    for (const reason of sample.reasons) caption.append(make("div", { class: "bad" }, reason));
    for (const [heading, text] of sample.parts) {
      caption.append(make("h3", {}, heading), make("p", {}, text));
    }
    const long = sample.table.some(([, value]) => value.length > 8);
    const table = make("table", long ? { class: "long" } : {});
    for (const [name, value] of sample.table) {
      const row = make("tr");
      row.append(make("td", {}, name), make("td", { class: "n" }, value));
      table.append(row);
    }
    caption.append(table);
    if (!$("zoom").open) $("zoom").showModal();
    show(sample);
  };

  // The picture that is looked at closely: its box, its own size, pixels of the screen for each.
  const view = { box: null, w: 1, h: 1, scale: 1 };

  const show = (sample) => {
    const small = sample.large || sample.thumb;
    const whole = sample.original;
    const shownImage = whole ? { ...whole, uri: data.sources[whole.file] } : small;
    const box = picture(shownImage, false);
    Object.assign(view, { box, w: shownImage.w, h: shownImage.h });
    $("swipe").hidden = !(whole && whole.before !== null);
    if (!$("swipe").hidden) {
      const before = make("img", { src: data.sources[whole.before], class: "before", alt: "" });
      box.querySelector("svg").before(before);
    }
    if (whole) {
      // The file was moved away from the page: what is in the page is shown.
      box.querySelector("img").addEventListener("error", () => {
        $("caption").append(make("div", { class: "bad" }, "its file is not beside this page"));
        show({ ...sample, original: undefined });
      });
    }
    $("stage").replaceChildren(box);
    swipe(100);
    enlarge(fitting());
  };

  const swipe = (percent) => {
    $("after").value = percent;
    const before = $("stage").querySelector("img.before");
    if (before) before.style.clipPath = `inset(0 0 0 ${percent}%)`;
  };

  const fitting = () => Math.min($("stage").clientWidth / view.w, $("stage").clientHeight / view.h);

  // The middle of what is marked, as shares of the picture.
  const marked = () => {
    const { x, y, width, height } = view.box.querySelector("path").getBBox();
    return width ? { x: (x + width / 2) / view.w, y: (y + height / 2) / view.h } : { x: 0.5, y: 0.5 };
  };

  const enlarge = (scale, at) => {
    const stage = $("stage");
    const least = Math.min(fitting(), 1);
    const next = Math.max(least, Math.min(scale, 32));
    const old = view.box.getBoundingClientRect();
    const frame = stage.getBoundingClientRect();
    const point = at || { x: frame.left + frame.width / 2, y: frame.top + frame.height / 2 };
    const share =
      at || view.scale > fitting()
        ? { x: (point.x - old.left) / (old.width || 1), y: (point.y - old.top) / (old.height || 1) }
        : marked(); // from the whole picture one goes to the defect
    view.scale = next;
    view.box.style.width = `${view.w * next}px`;
    view.box.style.height = `${view.h * next}px`;
    view.box.classList.toggle("close", next > 1.5);
    $("scale").textContent = `${Math.round(100 * next)} %`;
    const now = view.box.getBoundingClientRect();
    stage.scrollLeft += now.left + share.x * now.width - point.x;
    stage.scrollTop += now.top + share.y * now.height - point.y;
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

  // box -> class of the page, and whether it stands for its being checked
  const toggles = { outlines: ["plain", false], heat: ["cool", false], masks: ["masked", true] };
  const toggle = (id, wanted = !$(id).checked) => {
    const [name, checked] = toggles[id];
    $(id).checked = wanted;
    document.body.classList.toggle(name, wanted === checked);
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
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-open]"); // what opens a picture by its name
    if (!place) return;
    const index = samples.findIndex((sample) => sample.path === place.dataset.open);
    if (index < 0) return;
    if (!shown.includes(samples[index])) {
      for (const name of facets) $(name).value = "";
      $("low").value = $("high").value = "";
      apply();
    }
    zoom(shown.indexOf(samples[index]));
  });
  $("zoom").addEventListener("click", (event) => {
    if (event.target === $("zoom")) $("zoom").close();
  });
  addEventListener("resize", () => {
    if ($("zoom").open) enlarge(fitting());
  });
  $("fit").addEventListener("click", () => enlarge(fitting()));
  $("own").addEventListener("click", () => enlarge(1));
  $("closer").addEventListener("click", () => enlarge(view.scale * 1.5));
  $("farther").addEventListener("click", () => enlarge(view.scale / 1.5));
  $("after").addEventListener("input", () => swipe($("after").value));
  $("after").addEventListener("change", () => $("after").blur());
  $("stage").addEventListener("wheel", (event) => {
    event.preventDefault();
    enlarge(view.scale * Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY });
  }, { passive: false });
  $("stage").addEventListener("pointerdown", (event) => {
    event.preventDefault();
    $("stage").setPointerCapture(event.pointerId);
  });
  $("stage").addEventListener("pointermove", (event) => {
    if (!$("stage").hasPointerCapture(event.pointerId)) return;
    $("stage").scrollLeft -= event.movementX;
    $("stage").scrollTop -= event.movementY;
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey) return;
    if (event.key === "o") toggle("outlines");
    if (event.key === "m") toggle("masks");
    if (event.key === "h" && $("heat")) toggle("heat");
    if (event.key === "t") $("theme").click();
    if (!$("zoom").open) return;
    if (event.key === "ArrowRight") zoom(current + 1);
    if (event.key === "ArrowLeft") zoom(current - 1);
    if (event.key === "b" && !$("swipe").hidden) swipe(Number($("after").value) > 0 ? 0 : 100);
    if (event.key === "0") enlarge(fitting());
    if (event.key === "1") enlarge(1);
    if (event.key === "+") enlarge(view.scale * 1.5);
    if (event.key === "-") enlarge(view.scale / 1.5);
  });
  new IntersectionObserver((found) => {
    if (found.some((entry) => entry.isIntersecting) && drawn < shown.length) addCards();
  }, { rootMargin: "600px" }).observe($("more"));
  apply();
  document.body.dataset.ready = "yes";
})();
