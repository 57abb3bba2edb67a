// Keeps the page up to date from /events. Everything shown is set as text, never as markup: names come from the network.
const KEPT = 60; // seconds of history of a route
const MAX_ROWS = 300; // shown at a time; the filter finds the rest
const NARROW = matchMedia("(max-width: 40rem)");
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const routes = new Map(); // key -> {route, counts: [[seconds, messages], …]}
const nodes = new Map();
let agent = null;

const routeKey = (route) => Object.values(route.spec).join("|");
const nodeKey = (node) => `${node.participant}|${node.name}`;
const sum = (counts) => Object.values(counts || {}).reduce((a, b) => a + b, 0);
const kind = (route) => (route.status.state !== "routed" ? "trouble" : route.active ? "crossing" : "idle");

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function svg(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function takeRoutes(changed, gone, seconds) {
  for (const key of gone) routes.delete(key);
  for (const route of changed) {
    const key = routeKey(route);
    const known = routes.get(key) || { counts: [] };
    routes.set(key, { route, counts: known.counts });
  }
  for (const known of routes.values()) {
    known.counts.push([seconds, known.route.counters.messages]);
    while (known.counts.length > KEPT + 1) known.counts.shift();
  }
}

function rates(counts) {
  const found = [];
  for (let i = 1; i < counts.length; i++) {
    const [before, now] = [counts[i - 1], counts[i]];
    found.push(Math.max(0, (now[1] - before[1]) / Math.max(0.001, now[0] - before[0])));
  }
  return found;
}

function rateText(found) {
  const last = found.slice(-3);
  const hz = last.length ? last.reduce((a, b) => a + b, 0) / last.length : 0;
  return hz === 0 ? "–" : hz >= 100 ? `${Math.round(hz)} Hz` : `${hz.toFixed(1)} Hz`;
}

function spark(found) {
  const top = Math.max(1e-9, ...found);
  const points = found.map((hz, i) => `${((KEPT - found.length + i) / KEPT) * 90},${(19 - (hz / top) * 18).toFixed(1)}`).join(" ");
  const drawn = svg("svg", { class: "spark", viewBox: "0 0 90 20", "aria-hidden": "true" });
  if (found.length > 1) drawn.append(svg("polyline", { points }));
  return drawn;
}

function row({ route, counts }) {
  const made = element("tr", "", kind(route));
  const reason = route.status.state !== "routed" ? route.status.reason : route.idle_reason;
  const state = element("td", "", "state-cell");
  state.append(element("span", route.status.state !== "routed" ? route.status.state.replaceAll("_", " ") : kind(route), "state"));
  if (reason) state.append(element("span", reason, "reason"));
  const found = rates(counts);
  const graph = element("td");
  graph.append(spark(found));
  const { counters } = route;
  made.append(
    element("td", route.spec.ros_name, "name"),
    element("td", route.spec.direction, "way"),
    state,
    element("td", rateText(found), "number rate"),
    graph,
    element("td", counters.messages.toLocaleString("en"), "number messages"),
    element("td", sum(counters.drops).toLocaleString("en"), "number drops"),
    element("td", String(counters.queue_messages), "number queue"),
    element("td", route.ros_type, "type"),
  );
  return made;
}

function wanted({ route }) {
  if ($("only-trouble").checked && kind(route) !== "trouble") return false;
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [route.spec.ros_name, route.spec.direction, route.ros_type, route.status.state, kind(route),
    ...route.local].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function showRoutes() {
  const order = { trouble: 0, crossing: 1, idle: 2 };
  const found = [...routes.values()].filter(wanted).sort((a, b) =>
    order[kind(a.route)] - order[kind(b.route)] || a.route.spec.ros_name.localeCompare(b.route.spec.ros_name) ||
    a.route.spec.direction.localeCompare(b.route.spec.direction));
  $("routes").tBodies[0].replaceChildren(...found.slice(0, MAX_ROWS).map(row));
  $("route-count").textContent = found.length === routes.size ? `${routes.size}` : `${found.length} of ${routes.size}`;
  $("more").hidden = found.length <= MAX_ROWS;
  $("more").textContent = `${found.length - MAX_ROWS} more; filter to see them`;
}

function showNodes() {
  const found = [...nodes.values()].sort((a, b) => a.name.localeCompare(b.name));
  $("node-count").textContent = `${found.length}`;
  $("nodes").replaceChildren(...found.slice(0, MAX_ROWS).map((node) => {
    const made = element("li", node.name);
    if (node.zid) made.append(element("span", ` behind ${node.zid.slice(0, 12)}`, "behind"));
    return made;
  }));
}

function showFindings(findings) {
  $("findings-section").hidden = findings.length === 0;
  $("findings").replaceChildren(...findings.map((finding) => {
    const made = element("li", "", finding.severity);
    made.append(element("strong", `${finding.code} `), element("span", `${finding.subject}: ${finding.text}. `),
      element("span", `Remedy: ${finding.remedy}`, "remedy"));
    return made;
  }));
}

function showLinks(links) {
  $("no-links").hidden = links.length > 0;
  const drawn = $("topology");
  drawn.toggleAttribute("hidden", links.length === 0);
  const narrow = NARROW.matches; // neighbours below us, not beside us
  const top = narrow ? 56 : 0;
  const height = Math.max(1, links.length) * 56 + 8 + top;
  drawn.setAttribute("viewBox", `0 0 ${narrow ? 340 : 640} ${height}`);
  const middle = narrow ? 26 : height / 2;
  const left = narrow ? 56 : 360;
  const parts = links.flatMap((link, i) => {
    const y = top + i * 56 + 32;
    const points = narrow ? `28,${middle + 22} 28,${y} ${left},${y}` : `180,${middle} ${left},${y}`;
    return [svg("polyline", { points }),
      svg("rect", { x: left, y: y - 22, width: 276, height: 44, rx: 6 }),
      svg("text", { x: left + 10, y: y - 4 }, `${link.whatami || "neighbour"} ${link.zid.slice(0, 12)}`),
      svg("text", { x: left + 10, y: y + 13, class: "soft" }, link.dst)];
  });
  drawn.replaceChildren(...parts,
    svg("rect", { x: 4, y: middle - 22, width: 176, height: 44, rx: 6, class: "self" }),
    svg("text", { x: 14, y: middle - 4 }, `this ${agent.mode} ${agent.zid.slice(0, 12)}`),
    svg("text", { x: 14, y: middle + 13, class: "soft" }, `domain ${agent.domain_id}`));
}

function showAgent() {
  $("state").textContent = agent.state + (agent.state_reason ? `: ${agent.state_reason}` : "");
  $("state").className = agent.state;
  document.title = `zenlink, domain ${agent.domain_id}: ${agent.state}`;
  const facts = { version: agent.version, domain: agent.domain_id, namespace: agent.namespace,
    listening: agent.listen.join(", ") || "nowhere", bridges: agent.peers.length, up: duration(agent.uptime_s) };
  $("facts").replaceChildren(...Object.entries(facts).map(([name, value]) => {
    const made = element("div");
    made.append(element("dt", name), element("dd", String(value)));
    return made;
  }));
  showFindings(agent.findings);
  showLinks(agent.links);
}

function duration(seconds) {
  const [d, h, m] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : m ? `${m} min` : `${Math.floor(seconds)} s`;
}

function take(event, whole) {
  const told = JSON.parse(event.data);
  if (whole) { routes.clear(); nodes.clear(); }
  agent = told.agent;
  takeRoutes(told.routes, told.gone_routes || [], performance.now() / 1000);
  for (const key of told.gone_nodes || []) nodes.delete(key);
  for (const node of told.nodes) nodes.set(nodeKey(node), node);
  showAgent();
  showRoutes();
  showNodes();
}

function lost(text) {
  $("state").textContent = text;
  $("state").className = "lost";
}

const events = new EventSource("events");
events.addEventListener("full", (event) => take(event, true));
events.addEventListener("delta", (event) => take(event, false));
events.addEventListener("trouble", (event) => lost(JSON.parse(event.data)));
events.onerror = () => lost("the agent does not answer; trying again");
$("filter").addEventListener("input", showRoutes);
$("only-trouble").addEventListener("change", showRoutes);
$("search").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== $("filter")) {
    event.preventDefault();
    $("filter").focus();
  }
});
