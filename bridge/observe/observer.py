"""Answers questions about a running engine, for every way in which an agent is asked."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.latency import ClockOffsets
from bridge.core.linkinfo import LinkLatency
from bridge.core.status import AgentFacts, AgentInfo, Explanation, Finding, GraphInfo, NodeInfo, RouteInfo
from bridge.engine import Engine
from bridge.observe.explain import explain
from bridge.observe.findings import engine_findings
from bridge.observe.nodes import node_infos
from bridge.observe.routes import counted_before, route_infos
from bridge.observe.status import ALONE, Surroundings, bridge_status


class Observer:
    """Answers questions about one engine. Thread: any; the engine's state is read on its own thread."""

    def __init__(self, engine: Engine, *, mode: str, domain_id: int, around: Surroundings = ALONE) -> None:
        self._engine = engine
        self._around = around
        self._mode = mode
        self._domain_id = domain_id
        self.page = ""
        """Address of the status page, once there is one."""

    def status(self) -> AgentInfo:
        """The agent as a whole."""
        engine = self._engine
        return self._status(
            *engine.inbox.ask(lambda: (route_infos(engine), engine_findings(engine), engine.graph.sizes()))
        )

    def facts(self) -> AgentFacts:
        """All that is told, of one moment."""
        engine = self._engine
        routes, findings, graph, nodes, past, forgotten = engine.inbox.ask(
            lambda: (
                route_infos(engine),
                engine_findings(engine),
                engine.graph.sizes(),
                node_infos(engine),
                counted_before(engine),
                engine.routes.forgotten(),
            )
        )
        agent = self._status(routes, findings, graph)
        return AgentFacts(agent=agent, routes=routes, nodes=nodes, past=past, forgotten=forgotten)

    def _status(
        self, routes: tuple[RouteInfo, ...], findings: tuple[Finding, ...], graph: GraphInfo
    ) -> AgentInfo:
        status = bridge_status(
            self._engine,
            mode=self._mode,
            domain_id=self._domain_id,
            routes=routes,
            findings=findings,
            around=self._around,
        )
        return replace(status, page=self.page, graph=graph)

    def compare_clocks(self, offsets: ClockOffsets) -> None:
        """Take over how far the clocks of other agents are ahead, for the latency of what they send."""
        self._engine.inbox.ask(lambda: self._engine.routes.compare_clocks(offsets))

    def probe(self) -> tuple[LinkLatency, ...]:
        """What is measured all the time on the links."""
        return self._around.probe().latencies

    def routes(self) -> tuple[RouteInfo, ...]:
        """Every planned route, open or not, by name."""
        return self._engine.inbox.ask(lambda: route_infos(self._engine))

    def nodes(self) -> tuple[NodeInfo, ...]:
        """Every node of the local domain and behind other agents, by name."""
        return self._engine.inbox.ask(lambda: node_infos(self._engine))

    def explain(self, name: str) -> Explanation:
        """Why a topic, service or action crosses or does not."""
        return self._engine.inbox.ask(lambda: explain(self._engine, name))
