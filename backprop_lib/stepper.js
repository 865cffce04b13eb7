for (const figure of document.querySelectorAll(".bp-step:not(.bp-live)")) {
  const make = (tag, attributes, parent) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return parent.appendChild(made);
  };
  const all = figure.querySelector(".bp-all");
  const steps = [...all.querySelectorAll("li")], last = steps.length - 1;
  const live = document.createElement("div");
  figure.insertBefore(live, all);
  const bar = make("div", {class: "bp-bar"}, live);
  const button = (name, label, to) => {
    const made = make("button", {type: "button", "aria-label": label}, bar);
    made.textContent = name;
    made.addEventListener("click", () => show(to()));
    return made;
  };
  let now = 0;
  const first = button("First", "First step", () => 0), back = button("Back", "Back one step", () => now - 1);
  const next = button("Next", "Next step", () => now + 1), end = button("Last", "Last step", () => last);
  const slider = make("input", {type: "range", min: 1, max: last + 1, step: 1, value: 1, "aria-label": "Step"}, bar);
  slider.addEventListener("input", () => show(slider.value - 1));
  const says = make("div", {"aria-live": "polite", "aria-atomic": "true"}, live);
  const count = make("p", {class: "bp-count"}, says), caption = make("div", {class: "bp-caption"}, says);
  const view = make("div", {class: "bp-view", tabindex: 0, role: "group", "aria-label": "Graph"}, live);
  view.innerHTML = decodeURIComponent(figure.querySelector("img").src.split(/,(.*)/s)[1]);
  const nodes = new Map([...view.querySelectorAll(".node")].map(node => [node.dataset.n, node]));
  const edges = [...view.querySelectorAll(".edge")];

  function show(step) {
    now = Math.max(0, Math.min(last, step));
    const {active, phase} = steps[now].dataset;
    for (const node of nodes.values()) {
      node.classList.remove("has");
      node.classList.toggle("on", node.dataset.n === active);
      for (const line of node.querySelectorAll(".g")) line.textContent = "";
    }
    for (const edge of edges) {
      edge.classList.remove("done");
      edge.classList.toggle("on", edge.dataset.e === active && !(phase === "backward" && steps[now - 1].dataset.phase === "forward"));
    }
    steps.slice(0, now + 1).forEach(({dataset}, k) => {
      for (const n of dataset.computed?.split(" ") ?? []) nodes.get(n).classList.add("has");
      for (const one of dataset.arrived?.split(";") ?? []) {
        const [n, ...lines] = one.split("|");
        nodes.get(n).querySelectorAll(".g").forEach((line, i) => { line.textContent = lines[i]; });
      }
      if (dataset.phase === "backward" && steps[k - 1].dataset.phase === "backward")
        for (const edge of edges) if (edge.dataset.e === dataset.active) edge.classList.add("done");
    });
    count.textContent = `Step ${now + 1} of ${last + 1}, ${phase}`;
    caption.innerHTML = steps[now].innerHTML;
    slider.value = now + 1;
    slider.setAttribute("aria-valuetext", count.textContent);
    for (const b of [first, back]) b.setAttribute("aria-disabled", now === 0);
    for (const b of [next, end]) b.setAttribute("aria-disabled", now === last);
    const box = nodes.get(active)?.querySelector("rect").getBBox();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (box) view.scrollTo({
      left: box.x + (box.width - view.clientWidth) / 2, top: box.y + (box.height - view.clientHeight) / 2,
      behavior: still ? "auto" : "smooth",
    });
  }

  figure.addEventListener("keydown", event => {
    const to = {ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last}[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    show(to);
  });
  figure.classList.add("bp-live");
  const reserve = () => {  // room for the longest caption, so that the graph stays where it is
    const probe = make("div", {class: "bp-caption", "aria-hidden": true}, live);
    const heights = steps.map(step => { probe.innerHTML = step.innerHTML; return probe.offsetHeight; });
    caption.style.minHeight = `${Math.max(...heights)}px`;
    probe.remove();
  };
  show(0);
  let width = 0;
  new ResizeObserver(() => {
    if (width !== figure.clientWidth) { width = figure.clientWidth; reserve(); }
  }).observe(figure);
}
