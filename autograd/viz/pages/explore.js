const SVG = "http://www.w3.org/2000/svg", { nodes, edges, modules, styles } = data;
const paths = modules.map(() => []);
modules.forEach((module, i) => { paths[i] = module.parent === null ? [i] : [...paths[module.parent], i]; });
const deepest = Math.max(0, ...paths.map(path => path.length)), open = new Set(), SIDE = ["parameter", "input"];
const uses = nodes.map(() => []);
for (const [a, b] of edges) uses[a].push(b);
let sides = data.sides, selected = "";

function openTo(depth) {
  open.clear();
  modules.forEach((_, i) => { if (paths[i].length <= depth) open.add(i); });
}
function textWidth(words, size) { return [...words].reduce((w, c) => w + ("ilj.,:;|'!()[] ".includes(c) ? .32 : "mwMW@%".includes(c) ? .85 : c !== c.toLowerCase() ? .7 : .6), 0) * size; }
// the box that a node is drawn in: its own, that of the outermost closed module around it, or none
function home(i) {
  const node = nodes[i];
  for (const m of node.module === null ? [] : paths[node.module]) if (!open.has(m)) return "m" + m;
  return "n" + i;
}
function tree() {
  const root = { key: "", children: [] }, boxes = new Map([["", root]]), members = new Map();
  const around = path => path.reduce((outer, m) => {
    const key = "m" + m;
    if (!boxes.has(key)) {
      const box = { key, module: m, children: open.has(m) ? [] : undefined };
      boxes.set(key, box); outer.children.push(box);
    }
    return boxes.get(key);
  }, root);
  const homes = nodes.map((node, i) => {
    const key = home(i);
    if (!sides && SIDE.includes(node.kind) && key === "n" + i) return "";
    const path = node.module === null ? [] : paths[node.module];
    if (key[0] === "m") around(path.slice(0, path.indexOf(+key.slice(1)) + 1));
    else { const outer = around(path), box = { key, node: i }; boxes.set(key, box); outer.children.push(box); }
    members.set(key, [...(members.get(key) || []), i]);
    return key;
  });
  const lines = new Map();
  for (const [a, b] of edges) if (homes[a] && homes[b] && homes[a] !== homes[b]) {
    const key = homes[a] + "\n" + homes[b];
    lines.set(key, [homes[a], homes[b], (lines.get(key)?.[2] || 0) + 1]);
  }
  return { root: pruned(root), boxes, members, lines: [...lines.values()] };
}
function pruned(box) {
  if (box.children) box.children = box.children.map(pruned).filter(child => !child.children || child.children.length);
  return box;
}
function words(box, members) {
  if (box.node !== undefined) return [nodes[box.node].title, nodes[box.node].detail];
  const module = modules[box.module], ops = members.filter(i => nodes[i].op).length;
  return [module.name, `${module.type}, ${ops} op${ops === 1 ? "" : "s"}`];
}
function made(tag, attributes, parent, text) {
  const one = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  if (text !== undefined) one.textContent = text;
  parent.append(one);
  return one;
}
function draw() {
  const { root, boxes, members, lines } = tree(), closed = [];
  const path = new Map(), walk = (box, above) => {
    const here = box.key ? [...above, box.key] : above;
    if (box.children) { box.width = box.key ? textWidth(words(box, []).join(": "), 10) : 0; box.children.forEach(child => walk(child, here)); return; }
    path.set(box.key, here); closed.push(box);
    box.words = words(box, members.get(box.key) || []);
    box.width = Math.max(36, textWidth(box.words[0], 12) + 18, textWidth(box.words[1], 10) + 18 + (box.module !== undefined ? 10 : 0));
    box.height = 39;
  };
  walk(root, []);
  const level = layout(root, lines.map(([a, b]) => [a, b]), path), places = new Map(), routes = new Map();
  emit(level, 12, 12, places, routes);
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("width", level.width + 24); picture.setAttribute("height", level.height + 24);
  const frames = box => {
    for (const child of box.children) if (child.children) {
      const r = places.get(child.key), group = made("g", { "data-box": child.key, tabindex: 0, role: "button", "aria-expanded": "true" }, picture);
      made("rect", { x: r.x, y: r.y, width: r.w, height: r.h, rx: 6, fill: "#8b949e", "fill-opacity": .09, stroke: "#8b949e", "stroke-opacity": .6 }, group);
      made("text", { x: r.x + 8, y: r.y + 15, "font-size": 10, "font-weight": "bold", fill: "#8b949e" }, group, "▾ " + words(child, []).map((w, i) => i ? modules[child.module].type : w).join(": "));
      activate(group, child);
      frames(child);
    }
  };
  frames(root);
  for (const [a, b, count] of lines) {
    const points = routes.get(a + "\n" + b);
    let d = `M${points[0][0]} ${points[0][1]}`;
    for (let i = 1; i < points.length; i++) {
      const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]], bend = (y1 - y0) / 2;
      d += Math.abs(x0 - x1) < .5 ? `L${x1} ${y1}` : `C${x0} ${y0 + bend} ${x1} ${y1 - bend} ${x1} ${y1}`;
    }
    const [x, y] = points.at(-1);
    made("path", { d, fill: "none", stroke: "#8b949e", "stroke-width": 1.2 }, picture);
    made("path", { d: `M${x} ${y}l-3.5 -7h7z`, fill: "#8b949e" }, picture);
  }
  for (const box of closed) {
    const r = places.get(box.key), kind = box.node === undefined ? "module" : nodes[box.node].kind, style = styles[kind];
    const alarm = (members.get(box.key) || []).some(i => nodes[i].flag);
    const group = made("g", { "data-box": box.key, tabindex: 0, role: "button" }, picture);
    const shape = { stroke: alarm ? "#cf222e" : box.key === selected ? "#bf8700" : "#57606a", "stroke-width": alarm || box.key === selected ? 3 : 1, fill: style.fill };
    if (box.node === undefined) { group.setAttribute("aria-expanded", "false"); made("rect", { ...shape, x: r.x, y: r.y - 4, width: 30, height: 8, rx: 2 }, group); }
    made("rect", { ...shape, x: r.x, y: r.y, width: r.w, height: r.h, rx: { round: 8, pill: 14 }[style.form] || 2, ...(style.form === "dashed" ? { "stroke-dasharray": "4 3" } : {}) }, group);
    if (style.form === "double") made("rect", { ...shape, fill: "none", x: r.x + 3, y: r.y + 3, width: r.w - 6, height: r.h - 6, rx: 2 }, group);
    made("text", { x: r.x + r.w / 2, y: r.y + 16, "font-size": 12, "font-weight": "bold", "text-anchor": "middle", fill: "#1f2328" }, group, (box.node === undefined ? "▸ " : "") + box.words[0]);
    made("text", { x: r.x + r.w / 2, y: r.y + 31, "font-size": 10, "text-anchor": "middle", fill: alarm ? "#cf222e" : "#57606a" }, group, box.words[1]);
    activate(group, box);
  }
  $("picture").replaceChildren(picture);
  $("where").textContent = `${closed.length} boxes of ${nodes.length} nodes`;
  document.body.dataset.boxes = closed.length;
}
function activate(group, box) {
  const act = event => {
    event.stopPropagation();
    if (box.node === undefined) { open.has(box.module) ? open.delete(box.module) : open.add(box.module); }
    else { selected = box.key; details(box.node); }
    draw();
    document.querySelector(`[data-box="${box.key}"]`)?.focus({ preventScroll: true });
  };
  group.addEventListener("click", act);
  group.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(event); } });
}
function details(i) {
  const node = nodes[i], panel = $("panel");
  panel.replaceChildren(element("h1", node.title), element("p", `${node.kind}, ${node.detail}`));
  if (node.site) panel.append(element("pre", node.site, "site"));
  for (const line of node.more) panel.append(element("p", line));
  for (const formula of node.formulas) panel.append(element("pre", formula, "formula"));
}
for (let depth = 0; depth <= deepest; depth++) {
  const button = element("button", depth === deepest ? "all" : String(depth));
  button.title = depth === deepest ? "open everything" : `open ${depth} levels`;
  button.dataset.depth = depth;
  button.onclick = () => { openTo(depth); draw(); };
  $("depths").append(button);
}
$("sides").setAttribute("aria-pressed", sides);
$("sides").onclick = () => { sides = !sides; $("sides").setAttribute("aria-pressed", sides); draw(); };
openTo(data.depth);
draw();
