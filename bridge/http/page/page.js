// Keeps the page up to date from /events. Everything shown is set as text, never as markup: names come from the network.
const KEPT = 60; // seconds of history of a route
const MAX_ROWS = 300; // shown at a time; the filter finds the rest
const NARROW = matchMedia("(max-width: 40rem)");
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const routes = new Map(); // key -> {route, counts: [[seconds, messages, timed, their seconds], …]}
const nodes = new Map();
let agent = null;

const routeKey = (route) => Object.values(route.spec).join("|");
const nodeKey = (node) => `${node.participant}|${node.name}`;
const sum = (counts) => Object.values(counts || {}).reduce((a, b) => a + b, 0);
const causesText = (counts) => Object.entries(counts).map(([cause, count]) => `${count.toLocaleString("en")} ${cause}`).join(", ");
const kind = (route) => (route.status.state !== "routed" ? "trouble" : route.active ? "crossing" : "idle");

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Names and types are broken behind a slash or an underscore, where they must be.
function breakable(tag, text, className) {
  const made = element(tag, "", className);
  for (const part of text.split(/(?<=[/_])/)) made.append(part, document.createElement("wbr"));
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
    const { messages, latency } = known.route.counters;
    known.counts.push([seconds, messages, latency?.samples ?? 0, latency?.sum_s ?? 0]);
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

// Mean latency of each second, in ms; a second without samples is as the one before.
function latencies(counts) {
  const found = [];
  for (let i = 1; i < counts.length; i++) {
    const [before, now] = [counts[i - 1], counts[i]];
    const timed = now[2] - before[2];
    if (timed > 0) found.push(Math.max(0, ((now[3] - before[3]) / timed) * 1000));
    else if (found.length) found.push(found[found.length - 1]);
  }
  return found;
}

function latencyText(latency) {
  if (!latency || latency.void || !latency.samples) return "";
  return `${latency.p50_ms} ms, p99 ${latency.p99_ms} ms`;
}

function rateText(found) {
  const last = found.slice(-3);
  const hz = last.length ? last.reduce((a, b) => a + b, 0) / last.length : 0;
  return hz === 0 ? "–" : hz >= 100 ? `${Math.round(hz)} Hz` : `${hz.toFixed(1)} Hz`;
}

function spark(found) {
  const top = Math.max(1e-9, ...found);
  const points = found.map((value, i) => `${((KEPT - found.length + i) / KEPT) * 90},${(19 - (value / top) * 18).toFixed(1)}`).join(" ");
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
  const { counters } = route;
  for (const [what, causes] of [["dropped", counters.drops], ["lost", counters.lost]])
    if (sum(causes)) state.append(element("span", `${what}: ${causesText(causes)}`, "reason"));
  const found = rates(counts);
  const graph = element("td", "", "latency");
  if (latencyText(counters.latency)) graph.append(spark(latencies(counts)), element("span", latencyText(counters.latency), "reason"));
  made.append(
    breakable("td", route.spec.ros_name, "name"),
    element("td", route.spec.direction, "way"),
    state,
    element("td", rateText(found), "number rate"),
    graph,
    element("td", counters.messages.toLocaleString("en"), "number messages"),
    element("td", sum(counters.drops).toLocaleString("en"), "number drops"),
    element("td", sum(counters.lost).toLocaleString("en"), "number lost"),
    element("td", String(counters.queue_messages), "number queue"),
    breakable("td", route.ros_type, "type"),
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

// What a link is drawn with: its state, and three lines of text. Endpoints of zenoh.connect without a link come first.
function linkCards() {
  const measured = new Map(agent.probe.latencies.map((one) => [one.target, one]));
  const made = new Map(agent.connections.configured.filter((one) => one.up).map((one) => [one.dst, one]));
  const times = (count) => (count === 1 ? "once" : `${count} times`);
  const back = (one) => (one && one.reconnects ? `, came back ${times(one.reconnects)}` : "");
  const down = agent.connections.configured.filter((one) => !one.up)
    .map((one) => ({ state: "down", lines: ["no link", one.endpoint, `the findings say why${back(one)}`] }));
  return [...down, ...agent.links.map((link) => {
    const one = measured.get(link.zid);
    const title = `${link.whatami || "neighbour"} ${link.zid.slice(0, 12)}${back(made.get(link.dst))}`;
    return { state: one ? one.state.replaceAll(" ", "-") : "up", lines: [title, link.dst, one ? measuredText(one) : "not measured"] };
  })];
}

function measuredText(one) {
  const ms = (value) => (value === null ? "?" : `${value.toFixed(1)} ms`);
  const ways = [one.there_p99_ms, one.back_p99_ms].filter((value) => value !== null);
  const way = ways.length ? Math.max(...ways) : null;
  return `${one.state}: RTT ${ms(one.rtt_p50_ms)}, p99 one way ${ms(way)} of ${one.limit_ms} ms`;
}

function showLinks() {
  const cards = linkCards();
  $("no-links").hidden = cards.length > 0;
  const drawn = $("topology");
  drawn.toggleAttribute("hidden", cards.length === 0);
  const narrow = NARROW.matches; // neighbours below us, not beside us
  const [top, step, width] = [narrow ? 56 : 0, 72, 350];
  const height = Math.max(1, cards.length) * step + 8 + top;
  const left = narrow ? 36 : 330;
  drawn.setAttribute("viewBox", `0 0 ${left + width + 4} ${height}`);
  const middle = narrow ? 26 : height / 2;
  const parts = cards.flatMap(({ state, lines }, i) => {
    const y = top + i * step + 38;
    const points = narrow ? `18,${middle + 22} 18,${y} ${left},${y}` : `180,${middle} ${left},${y}`;
    return [svg("polyline", { points, class: state }),
      svg("rect", { x: left, y: y - 31, width, height: 62, rx: 6, class: state }),
      ...lines.map((line, row) => svg("text", { x: left + 10, y: y - 13 + row * 18, class: row ? "soft" : "" }, line))];
  });
  drawn.replaceChildren(...parts,
    svg("rect", { x: 4, y: middle - 22, width: 176, height: 44, rx: 6, class: "self" }),
    svg("text", { x: 14, y: middle - 4 }, `this ${agent.mode} ${agent.zid.slice(0, 12)}`),
    svg("text", { x: 14, y: middle + 13, class: "soft" }, `domain ${agent.domain_id}`));
}

const ENDS_SOON_DAYS = 14; // as certificate findings have it

function showHost() {
  const told = agent.certificates.map((one) => {
    const days = Math.floor((one.not_after_s - Date.now() / 1000) / 86400);
    const day = new Date(one.not_after_s * 1000).toISOString().slice(0, 10);
    return [days < 0 ? "error" : days < ENDS_SOON_DAYS ? "warning" : "info", `${one.use} ${one.file}`,
      days < 0 ? `ended on ${day}` : `ends on ${day}, in ${days} days`];
  });
  const settings = ["error", "warning", "info"].filter((one) => agent.host_settings[one])
    .map((one) => `${agent.host_settings[one]} of severity ${one}`);
  if (settings.length) told.push([agent.host_settings.error ? "error" : "warning", "kernel settings",
    `${settings.join(", ")}, as of the start. Remedy: zenlink tune check names them, sudo zenlink tune apply sets them`]);
  else if (Object.keys(agent.host_settings).length) told.push(["info", "kernel settings", "as the profile wants them"]);
  $("host-section").hidden = told.length === 0;
  $("host").replaceChildren(...told.map(([severity, what, text]) => {
    const made = element("li", "", severity);
    made.append(element("strong", `${what}: `), element("span", text));
    return made;
  }));
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
  showLinks();
  showHost();
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
