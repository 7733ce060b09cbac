"use strict";
(() => {
  const state = JSON.parse(document.getElementById("state").textContent);
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const TILES = 6;
  const PINK = "rgb(255, 40, 160)";
  let photo = 0;
  let first = 0; // number of the first sample that is shown
  let only = null; // a kind that is looked at alone
  let version = 0; // of the settings: answers to older ones are of no use
  let waiting = null;

  const make = (tag, attributes = {}, text = "") => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text) node.textContent = text;
    return node;
  };

  const tell = (text, bad = false) => {
    $("told").textContent = text;
    $("told").classList.toggle("bad", bad);
  };

  const ask = async (way, body) => {
    let answer;
    try {
      answer = await fetch(way, body ? { method: "POST", body: JSON.stringify(body) } : {});
    } catch {
      throw new Error("anomsynth tune has ended; start it again");
    }
    const found = await answer.json();
    if (found.error) throw new Error(found.hint ? `${found.error}; ${found.hint}` : found.error);
    return found;
  };

  // Sliders. Those of strengths, weights and sizes are logarithmic.
  const rows = new Map();
  const often = (at) => (at <= -3 ? 0 : 2 ** at);
  const shown = (value) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2));

  const slider = (name, low, high) =>
    make("input", { type: "range", min: low, max: high, step: "0.1", value: "0", "aria-label": name });

  const addKind = (kind, own) => {
    const row = make("div", { class: "kind" });
    const name = make("button", { type: "button", title: `show ${kind} alone`, "aria-pressed": "false" }, kind);
    const weight = slider(`how often ${kind}`, -3, 3);
    const size = slider(`how large ${kind}`, -2, 2);
    const said = [make("output"), make("output")];
    if (!own) weight.value = -3;
    row.append(name, weight, said[0], size, said[1]);
    const item = { row, name, weight, size, own };
    item.show = () => {
      said[0].textContent = `x${shown(often(Number(weight.value)))}`;
      said[1].textContent = `x${shown(2 ** Number(size.value))}`;
      row.classList.toggle("off", often(Number(weight.value)) === 0);
    };
    item.show();
    for (const input of [weight, size]) {
      input.addEventListener("input", () => {
        item.show();
        later();
      });
    }
    name.addEventListener("click", () => look(only === kind ? null : kind));
    rows.set(kind, item);
    $(own ? "kinds" : "others").append(row);
  };

  const look = (kind) => {
    only = kind;
    for (const [name, item] of rows) item.name.setAttribute("aria-pressed", String(name === only));
    $("alone").hidden = only === null;
    $("alone").textContent = `only ${only}: show all kinds`;
    draw();
  };

  const plain = { low: (at) => Math.exp(at), high: (at) => Math.exp(at), fewest: Number, most: Number };
  const value = (id) => Number(plain[id](Number($(id).value)).toFixed(2));
  const showPlain = () => {
    for (const id of Object.keys(plain)) {
      const whole = plain[id] === Number;
      $(id).nextElementSibling.textContent = whole ? String(value(id)) : shown(value(id));
    }
  };
  for (const [less, more] of [["low", "high"], ["fewest", "most"]]) {
    $(less).addEventListener("input", () => {
      if (Number($(more).value) < Number($(less).value)) $(more).value = $(less).value;
      moved.add(less);
      showPlain();
      later();
    });
    $(more).addEventListener("input", () => {
      if (Number($(less).value) > Number($(more).value)) $(less).value = $(more).value;
      moved.add(less);
      showPlain();
      later();
    });
  }
  const moved = new Set();

  const settings = () => {
    const found = { weights: {}, sizes: {} };
    for (const [kind, item] of rows) {
      const weight = often(Number(item.weight.value));
      if (weight !== (item.own ? 1 : 0)) found.weights[kind] = weight;
      if (Number(item.size.value) !== 0) found.sizes[kind] = 2 ** Number(item.size.value);
    }
    // What was not touched stays as exactly as the preset has it.
    if (moved.has("low")) found.severity = [value("low"), value("high")];
    if (moved.has("fewest")) found.defects_per_image = [value("fewest"), value("most")];
    return found;
  };

  // Samples.
  const picture = (box, image) => {
    const [width, height] = image.size;
    const img = make("img", { src: image.uri, width, height, alt: "" });
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", image.outline);
    svg.append(path);
    box.replaceChildren(img, svg);
  };

  const tiles = Array.from({ length: TILES }, () => {
    const tile = make("button", { class: "tile", type: "button" });
    const item = { tile, box: make("div", { class: "picture" }), said: make("small"), number: 0 };
    tile.append(item.box, item.said);
    tile.addEventListener("click", () => item.number && enlarge(item.number));
    $("grid").append(tile);
    return item;
  });

  const later = () => {
    clearTimeout(waiting);
    for (const { tile } of tiles) tile.classList.add("old");
    waiting = setTimeout(draw, 250);
  };

  const draw = async () => {
    clearTimeout(waiting);
    const mine = ++version;
    for (const { tile } of tiles) tile.classList.add("old");
    delete document.body.dataset.drawn;
    for (const [at, item] of tiles.entries()) {
      if (mine !== version) return;
      try {
        const made = await ask("sample", { photo, nth: first + at, only, settings: settings() });
        if (mine !== version) return;
        picture(item.box, made);
        item.said.textContent = made.caption;
        item.number = made.number;
        item.tile.classList.remove("bad");
      } catch (error) {
        if (mine !== version) return;
        item.box.replaceChildren();
        item.said.textContent = error.message;
        item.number = 0;
        item.tile.classList.add("bad");
      }
      item.tile.classList.remove("old");
    }
    document.body.dataset.drawn = String(mine);
  };

  const enlarge = async (number) => {
    try {
      const large = await ask(`large/${number}`);
      picture($("zoom").querySelector(".picture"), large);
      $("zoom").style.width = `min(96vw, calc(88vh * ${large.size[0] / large.size[1]}))`;
      $("zoom").showModal();
    } catch (error) {
      tell(error.message, true);
    }
  };

  // Photos.
  const thumbs = state.photos.map((name, at) => {
    const button = make("button", { type: "button", title: name, "aria-pressed": String(at === 0) });
    button.append(make("img", { src: `thumb/${at}`, alt: name, loading: "lazy" }));
    button.addEventListener("click", () => choose(at));
    $("photos").append(button);
    return button;
  });
  const choose = (at) => {
    photo = at;
    for (const [index, button] of thumbs.entries()) button.setAttribute("aria-pressed", String(index === at));
    if ($("drawing").hidden) draw();
    else open();
  };

  // The brush.
  const mask = $("mask").getContext("2d", { willReadFrequently: true });
  const steps = []; // masks before each stroke
  let from = null;

  const load = (way) =>
    new Promise((done, failed) => {
      const image = new Image();
      image.onload = () => done(image);
      image.onerror = () => failed(new Error("the photo cannot be shown"));
      image.src = `${way}?${Date.now()}`;
    });

  const open = async () => {
    const [whole, part] = await Promise.all([load(`photo/${photo}`), load(`part/${photo}`)]);
    for (const id of ["photo", "mask"]) {
      $(id).width = whole.naturalWidth;
      $(id).height = whole.naturalHeight;
    }
    $("paper").style.width = `min(100%, calc((100vh - 15rem) * ${$("mask").width / $("mask").height}))`;
    $("photo").getContext("2d").drawImage(whole, 0, 0);
    mask.drawImage(part, 0, 0, $("mask").width, $("mask").height);
    const pixels = mask.getImageData(0, 0, $("mask").width, $("mask").height);
    for (let at = 0; at < pixels.data.length; at += 4) {
      const inside = pixels.data[at] > 127;
      pixels.data.set([255, 40, 160, inside ? 255 : 0], at);
    }
    mask.putImageData(pixels, 0, 0);
    steps.length = 0;
    document.body.dataset.brush = String(photo);
  };

  const place = (event) => {
    const box = $("mask").getBoundingClientRect();
    const scale = $("mask").width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale, scale];
  };

  const stroke = (event) => {
    const [x, y, scale] = place(event);
    const [fromX, fromY] = from || [x, y];
    const erase = document.querySelector('input[name="tool"]:checked').value === "erase";
    mask.globalCompositeOperation = erase ? "destination-out" : "source-over";
    mask.strokeStyle = PINK;
    mask.lineWidth = Number($("width").value) * scale;
    mask.lineCap = "round";
    mask.beginPath();
    mask.moveTo(fromX, fromY);
    mask.lineTo(x, y + 0.01);
    mask.stroke();
    from = [x, y];
  };

  $("mask").addEventListener("pointerdown", (event) => {
    steps.push(mask.getImageData(0, 0, $("mask").width, $("mask").height));
    if (steps.length > 12) steps.shift();
    $("mask").setPointerCapture(event.pointerId);
    from = null;
    stroke(event);
  });
  $("mask").addEventListener("pointermove", (event) => {
    if ($("mask").hasPointerCapture(event.pointerId)) stroke(event);
  });

  const drawn = () => {
    const canvas = make("canvas", { width: $("mask").width, height: $("mask").height });
    const paper = canvas.getContext("2d");
    const pixels = mask.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < pixels.data.length; at += 4) {
      const level = pixels.data[at + 3] > 127 ? 255 : 0;
      pixels.data.set([level, level, level, 255], at);
    }
    paper.putImageData(pixels, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
  };

  const brush = (wanted) => {
    $("drawing").hidden = !wanted;
    $("grid").hidden = wanted;
    $("brush").setAttribute("aria-pressed", String(wanted));
    if (wanted) open().catch((error) => tell(error.message, true));
    else draw();
  };

  const part = async (body, said) => {
    try {
      await ask(`part/${photo}`, body);
      tell(said);
      return true;
    } catch (error) {
      tell(error.message, true);
      return false;
    }
  };

  $("brush").addEventListener("click", () => brush($("drawing").hidden));
  $("undo").addEventListener("click", () => {
    const before = steps.pop();
    if (before) mask.putImageData(before, 0, 0);
  });
  $("found").addEventListener("click", async () => {
    if (await part({ mask: null }, "the part as it was found")) await open();
  });
  $("use").addEventListener("click", async () => {
    if (await part({ mask: drawn() }, "the part as you drew it")) brush(false);
  });

  // The rest.
  $("again").addEventListener("click", () => {
    first += TILES;
    draw();
  });
  $("alone").addEventListener("click", () => look(null));
  $("outlines").addEventListener("change", () => {
    document.body.classList.toggle("plain", !$("outlines").checked);
  });
  const setAll = (weight) => {
    for (const item of rows.values()) {
      item.weight.value = weight(item);
      item.show();
    }
    later();
  };
  $("none").addEventListener("click", () => setAll(() => -3));
  $("all").addEventListener("click", () => {
    for (const item of rows.values()) item.size.value = 0;
    setAll((item) => (item.own ? 0 : -3));
  });
  $("find").addEventListener("input", () => {
    const wanted = $("find").value.trim().toLowerCase();
    for (const [kind, item] of rows) item.row.hidden = !kind.includes(wanted);
    if (wanted) document.querySelector("aside details").open = true;
  });
  $("save").addEventListener("click", async () => {
    try {
      const saved = await ask("save", { settings: settings() });
      tell(`saved. Next: ${saved.next}`);
      document.body.dataset.saved = saved.recipe;
    } catch (error) {
      tell(error.message, true);
    }
  });
  $("end").addEventListener("click", async () => {
    try {
      await ask("end", {});
    } catch {
      // it may be gone before it answers
    }
    document.body.replaceChildren(make("p", { class: "dim" }, "anomsynth tune has ended. This page can be closed."));
  });
  $("zoom").addEventListener("click", () => $("zoom").close());

  $("preset").textContent = `preset ${state.preset}`;
  for (const [kind, own] of Object.entries(state.kinds)) addKind(kind, own);
  [$("low").value, $("high").value] = state.severity.map(Math.log);
  [$("fewest").value, $("most").value] = state.count;
  showPlain();
  draw();
})();
