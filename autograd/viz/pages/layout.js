// The layout of layout.py, step for step, for boxes that open and close on the page.
const GAP_X = 16, GAP_Y = 28, PADDING = 12, HEADER = 20, SWEEPS = 6;
function median(values) {
  values.sort((a, b) => a - b);
  return (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
}
function spread(wanted, half, weights) {
  const offset = [], blocks = [];
  let at = 0;
  half.forEach((h, i) => { at += i ? half[i - 1] + h : 0; offset.push(at); });
  wanted.forEach((place, i) => {
    blocks.push([weights[i] * (place - offset[i]), weights[i], 1]);
    while (blocks.length > 1 && blocks.at(-2)[0] * blocks.at(-1)[1] > blocks.at(-1)[0] * blocks.at(-2)[1]) {
      const last = blocks.pop(), before = blocks.at(-1);
      before[0] += last[0]; before[1] += last[1]; before[2] += last[2];
    }
  });
  const places = [];
  for (const [total, weight, count] of blocks) for (let k = 0; k < count; k++) places.push(total / weight + offset[places.length]);
  return places;
}
function ranked(sizes, lines, ports, anchors) {
  const keys = [...sizes.keys()], number = new Map(keys.map((key, i) => [key, i])), n = keys.length;
  const anchor = (key, port) => anchors.get(key + "\n" + port) || 0;
  const pairs = lines.map(([a, b, source]) => [number.get(a), number.get(b), source]);
  const below = keys.map(() => []), above = keys.map(() => []);
  for (const [a, b] of pairs) { below[a].push(b); above[b].push(a); }
  let rank = keys.map(() => 0);
  const waiting = above.map(list => list.length), order = keys.map((_, i) => i).filter(i => !waiting[i]);
  for (const i of order) for (const j of below[i]) { rank[j] = Math.max(rank[j], rank[i] + 1); if (!--waiting[j]) order.push(j); }
  for (const i of order.toReversed()) if (below[i].length > above[i].length) rank[i] = Math.min(...below[i].map(j => rank[j])) - 1;
  const border = keys.map(key => ports.has(key) ? key[0] : "");  // "<" comes in, ">" goes out
  const inside = rank.filter((_, i) => !border[i]);
  const first = inside.length ? Math.min(...inside) : 0, last = inside.length ? Math.max(...inside) : 0;
  const shift = (border.includes("<") ? 1 : 0) - first;
  rank = rank.map((r, i) => border[i] === "<" ? 0 : border[i] === ">" ? last + shift + 1 : r + shift);
  const up = keys.map(() => []), down = keys.map(() => []), chains = new Map(), shared = new Map();
  const link = (i, j, dx) => { down[i].push([j, -dx]); up[j].push([i, dx]); };
  for (const [a, b, source] of pairs) {
    const chain = [];
    let lastPoint = a, dx = anchor(keys[a], ">" + source);
    for (let r = rank[a] + 1; r < rank[b]; r++) {
      const place = source + "\n" + r;
      let point = shared.get(place);
      if (point === undefined) { point = rank.length; shared.set(place, point); rank.push(r); up.push([]); down.push([]); link(lastPoint, point, dx); }
      chain.push(point); lastPoint = point; dx = 0;
    }
    link(lastPoint, b, dx - anchor(keys[b], "<" + source));
    chains.set([a, b, source].join("\n"), chain);
  }
  const total = rank.length, position = Array(total).fill(0), x = Array(total).fill(0);
  let rows = Array.from({ length: Math.max(-1, ...rank) + 1 }, () => []);
  rank.forEach((r, i) => rows[r].push(i));
  const fresh = rows.map(() => []), seen = Array(total).fill(false);
  for (const root of rows.toReversed().flat().filter(i => !down[i].length)) {
    const stack = [root];
    while (stack.length) {
      const i = stack.pop();
      if (seen[i]) continue;
      seen[i] = true; position[i] = fresh[rank[i]].length; fresh[rank[i]].push(i);
      for (const [j] of up[i].toReversed()) stack.push(j);
    }
  }
  rows = fresh;
  const crossings = () => {
    let count = 0;
    for (const row of rows) {
      const ends = row.flatMap(i => down[i].map(([j]) => position[j]).sort((a, b) => a - b));
      for (let i = 0; i < ends.length && ends.length < 400; i++) for (let j = i + 1; j < ends.length; j++) if (ends[i] > ends[j]) count++;
    }
    return count;
  };
  let best = rows.map(row => [...row]), fewest = crossings();
  for (let sweep = 0; sweep < SWEEPS && fewest; sweep++) {
    const neighbours = sweep % 2 ? down : up;
    for (const row of sweep % 2 ? rows.toReversed() : rows) {
      const wanted = new Map(row.map((i, p) => [i, neighbours[i].length ? median(neighbours[i].map(([j]) => position[j])) : p]));
      row.sort((a, b) => wanted.get(a) - wanted.get(b) || position[a] - position[b]);
      row.forEach((i, p) => { position[i] = p; });
    }
    for (const row of rows) for (let p = 0; p + 1 < row.length; p++) {
      const [a, b] = [row[p], row[p + 1]];
      let saved = 0;
      for (const side of [up, down]) for (const [j] of side[a]) for (const [k] of side[b]) saved += Math.sign(position[j] - position[k]);
      if (saved > 0) { row[p] = b; row[p + 1] = a; position[b] = p; position[a] = p + 1; }
    }
    const now = crossings();
    if (now < fewest) { fewest = now; best = rows.map(row => [...row]); }
  }
  rows = best;
  const half = rank.map((_, i) => i < n ? (sizes.get(keys[i])[0] + GAP_X) / 2 : GAP_X / 2);
  const settle = (row, wanted, weights) => spread(wanted, row.map(i => half[i]), weights).forEach((place, p) => { x[row[p]] = place; });
  for (const row of rows) settle(row, row.map(() => 0), row.map(() => 1));
  for (let sweep = 0; sweep < SWEEPS; sweep++) for (const row of sweep % 2 ? rows.toReversed() : rows) {
    const near = row.map(i => (sweep >= SWEEPS - 2 ? [...up[i], ...down[i]] : sweep % 2 ? down[i] : up[i]).map(([j, dx]) => x[j] + dx));
    settle(row, near.map((list, p) => list.length ? median(list) : x[row[p]]), near.map((list, p) => list.length ? (row[p] < n ? 1 : 4) : .05));
  }
  const left = Math.min(...x.map((place, i) => place - half[i]), 0) + GAP_X / 2;
  const low = x.length ? Math.min(...x.map((place, i) => place - half[i])) + GAP_X / 2 : 0;
  x.forEach((_, i) => { x[i] -= x.length ? low : left; });
  const width = x.length ? Math.max(...x.map((place, i) => place + half[i])) - GAP_X / 2 : 0;
  const tops = [], bottoms = [], y = new Map();
  let at = 0;
  rows.forEach((row, r) => {
    const boxes = row.filter(i => i < n), height = Math.max(0, ...boxes.map(i => sizes.get(keys[i])[1]));
    const sideways = Math.max(0, ...row.flatMap(i => up[i].map(([j, dx]) => Math.abs(x[i] - x[j] - dx))));
    const narrow = boxes.some(i => border[i]) || (r === 1 && rows[0].some(i => border[i]));
    at += r ? (narrow ? GAP_Y / 2 : GAP_Y) + Math.min(24, sideways / 20) : 0;
    tops.push(at);
    for (const i of boxes) {
      const share = up[i].length && down[i].length ? .5 : down[i].length ? 1 : 0;
      y.set(keys[i], at + share * (height - sizes.get(keys[i])[1]));
    }
    at += height;
    bottoms.push(at);
  });
  const centre = new Map(keys.map((key, i) => [key, x[i]]));
  const route = (start, end, source) => {
    const a = number.get(start), b = number.get(end), from = x[a] + anchor(start, ">" + source), to = x[b] + anchor(end, "<" + source);
    const points = [[from, y.get(start) + sizes.get(start)[1]], [from, bottoms[rank[a]]]];
    for (const i of chains.get([a, b, source].join("\n"))) points.push([x[i], tops[rank[i]]], [x[i], bottoms[rank[i]]]);
    return [...points, [to, tops[rank[b]]], [to, y.get(end)]];
  };
  return { sizes, centre, y, width, height: at, ports, route };
}
// A tree of boxes {key, width, height, children}; edges between closed ones; paths of keys from the outermost box to each closed one
function layout(box, edges, paths, depth = 0) {
  const inside = key => {
    const path = paths.get(key);
    return !depth || (path.length > depth && path[depth - 1] === box.key) ? path[depth] : null;
  };
  const ends = edges.map(([a, b]) => [inside(a), inside(b)]), inner = new Map(), sizes = new Map();
  for (const child of box.children) {
    if (child.children) inner.set(child.key, layout(child, edges.filter((_, i) => ends[i].includes(child.key)), paths, depth + 1));
    const level = inner.get(child.key);
    sizes.set(child.key, level ? [level.width, level.height] : [child.width, child.height]);
  }
  const lines = new Map(), ports = new Set();
  edges.forEach(([source], i) => {
    const [start, end] = [ends[i][0] ?? "<" + source, ends[i][1] ?? ">" + source];
    if (start !== end) lines.set([start, end, source].join("\n"), [start, end, source]);
    for (const [side, port] of [[ends[i][0], start], [ends[i][1], end]]) if (side === null && start !== end) { ports.add(port); sizes.set(port, [1, 0]); }
  });
  const anchors = new Map();
  for (const [key, level] of inner) for (const port of level.ranks.ports) anchors.set(key + "\n" + port, level.left + level.ranks.centre.get(port) - level.width / 2);
  const ranks = ranked(sizes, [...lines.values()], ports, anchors);
  const entered = [...ports].some(port => port[0] === "<"), title = ((box.width || 0) + PADDING) * (entered ? 2 : 1);
  const width = depth ? Math.max(ranks.width + 2 * PADDING, title) : ranks.width;
  return { box, edges, ends, inner, ranks, width, left: (width - ranks.width) / 2, top: depth ? PADDING + HEADER : 0,
           height: ranks.height + (depth ? 2 * PADDING + HEADER : 0) };
}
function emit(level, x, y, boxes, routes) {
  x += level.left; y += level.top;
  for (const child of level.box.children) {
    const [w, h] = level.ranks.sizes.get(child.key);
    boxes.set(child.key, { x: x + level.ranks.centre.get(child.key) - w / 2, y: y + level.ranks.y.get(child.key), w, h });
  }
  level.edges.forEach(([source, target], i) => {
    const start = level.ends[i][0] ?? "<" + source, end = level.ends[i][1] ?? ">" + source;
    if (start === end) return;
    const part = level.ranks.route(start, end, source).map(([px, py]) => [x + px, y + py]), key = source + "\n" + target, line = routes.get(key) || [];
    routes.set(key, line.length && part[0][1] < line[0][1] ? [...part, ...line] : [...line, ...part]);
  });
  for (const [key, inner] of level.inner) emit(inner, boxes.get(key).x, boxes.get(key).y, boxes, routes);
}
