const steps = data.steps, arrays = data.arrays;
let at = 0, timer = 0;

// red below zero, blue above, white at zero; as strong as the value is beside the scale of its array
function shade(x, scale) {
  if (x === null) return "#d0d7de";
  const part = Math.min(Math.abs(x) / (scale || 1), 1), mix = (a, b) => Math.round(a + (b - a) * part);
  const [r, g, b] = x < 0 ? [178, 24, 43] : [33, 102, 172];
  return `rgb(${mix(255, r)},${mix(255, g)},${mix(255, b)})`;
}
function number(x) { return x === null ? "NaN" : Math.abs(x) >= 1e4 || (x && Math.abs(x) < 1e-3) ? x.toExponential(1) : String(+x.toPrecision(3)); }
function heat(entry) {
  const figure = element("figure"), caption = element("figcaption", entry.name + " ");
  figure.append(caption);
  if (entry.note) { caption.append(element("small", entry.note)); return figure; }
  const array = arrays[entry.array];
  caption.append(element("small", array.shape + (array.text ? " · " + array.text : "")));
  if (!array.rows) return figure;
  const few = array.rows.length * (array.rows[0] || []).length <= 36, table = element("table", undefined, few ? "heat numbers" : "heat");
  for (const row of array.rows) {
    const line = table.insertRow();
    for (const x of row) {
      const cell = line.insertCell(), value = typeof x === "string" ? null : x;
      cell.style.background = shade(value, array.scale);
      cell.title = typeof x === "string" ? x : String(x);
      if (few) { cell.textContent = typeof x === "string" ? x : number(x); if (value !== null && Math.abs(value) > array.scale * .55) cell.style.color = "#fff"; }
      if (typeof x === "string" || Math.abs(x) > array.scale * 1.0001) cell.className = "odd";
    }
  }
  figure.append(table);
  return figure;
}
function mark(key, color, width) {
  const box = document.querySelector(`[data-box="n${key}"]`);
  if (!box) return;
  for (const shape of box.querySelectorAll("rect")) { shape.setAttribute("stroke", color); shape.setAttribute("stroke-width", width); }
  return box;
}
const original = new Map([...document.querySelectorAll("[data-box] rect")].map(shape => [shape, [shape.getAttribute("stroke"), shape.getAttribute("stroke-width"), shape.getAttribute("fill")]]));
function show(k) {
  at = Math.max(0, Math.min(k, steps.length - 1));
  const step = steps[at];
  for (const [shape, [stroke, width, fill]] of original) { shape.setAttribute("stroke", stroke); shape.setAttribute("stroke-width", width); shape.setAttribute("fill", fill); }
  const passed = new Set();
  for (let i = 0; i < at; i++) if (steps[i].phase === step.phase) passed.add(steps[i].node);
  for (const box of document.querySelectorAll("[data-box]")) {
    const ahead = step.phase === "forward" && steps.some((s, i) => i > at && s.phase === "forward" && "n" + s.node === box.dataset.box);
    box.setAttribute("opacity", ahead ? .35 : 1);
  }
  if (step.phase === "backward") for (const key of passed) mark(key, "#b2182b", 2);
  if (step.parent !== null) mark(step.parent, "#2166ac", 3);
  const box = mark(step.node, "#bf8700", 4);
  if (box) { box.querySelector("rect:last-of-type").setAttribute("fill", "#ffd33d"); box.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  const panel = $("panel");
  panel.replaceChildren(element("h1", step.title));
  if (step.site) panel.append(element("pre", step.site, "site"));
  if (step.text) panel.append(element("p", step.text));
  if (step.formula) panel.append(element("pre", `∂L/∂${step.to} ← ${step.formula}`, "formula"));
  for (const entry of step.arrays) panel.append(heat(entry));
  panel.scrollTop = 0;
  $("where").textContent = `${step.phase} ${at + 1} / ${steps.length}`;
  $("slider").value = at;
  document.body.dataset.step = at;
  document.body.dataset.node = step.node;
}
function play() {
  if (timer) { clearInterval(timer); timer = 0; }
  else timer = setInterval(() => at + 1 < steps.length ? show(at + 1) : play(), 900);
  $("play").textContent = timer ? "pause" : "play";
}
$("slider").max = steps.length - 1;
$("slider").oninput = event => show(+event.target.value);
$("back").onclick = () => show(at - 1);
$("next").onclick = () => show(at + 1);
$("turn").onclick = () => show(steps.findIndex(step => step.phase === "backward"));
$("play").onclick = play;
document.addEventListener("keydown", event => {
  const move = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
  if (move) { show(at + move); event.preventDefault(); }
  if (event.key === "Home") show(0);
  if (event.key === "End") show(steps.length - 1);
});
for (const box of document.querySelectorAll("[data-box]")) box.addEventListener("click", () => {
  const key = +box.dataset.box.slice(1), phase = steps[at].phase;
  let found = steps.findIndex((step, i) => i > at && step.node === key && step.phase === phase);
  if (found < 0) found = steps.findIndex(step => step.node === key && step.phase === phase);
  if (found >= 0) show(found);
});
show(0);
