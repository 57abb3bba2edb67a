"""What to run elsewhere: the lines for Docker, Compose, systemd and sysctl.d that a plan comes to.

A container can set the keys of its own network namespace, by the runtime or with NET_ADMIN; the others
belong to the host. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from netopt.core.plan import Plan, State
from netopt.core.settings import Kind, Scope
from netopt.core.sysctlfile import render

FORMS = ("sysctl", "docker", "compose", "systemd")
_OPEN = (State.CHANGE, State.BLOCKED, State.HOST_ONLY)


def namespace_keys(plan: Plan) -> Mapping[str, str]:
    """Sysctls that a container may set for its own network namespace."""
    return _keys(plan, Scope.NAMESPACE)


def host_keys(plan: Plan) -> Mapping[str, str]:
    """Sysctls that only the host can set."""
    return _keys(plan, Scope.HOST)


def _keys(plan: Plan, scope: Scope) -> Mapping[str, str]:
    return {
        step.target.name: step.new
        for step in plan.steps
        if step.target.kind is Kind.SYSCTL
        and step.setting.scope is scope
        and step.new
        and step.state in _OPEN
    }


def sysctl_file(plan: Plan) -> str:
    """A file for /etc/sysctl.d of the host, with every sysctl that is open."""
    wanted = {**host_keys(plan), **namespace_keys(plan)}
    reasons = {step.target.name: step.setting.reason for step in plan.steps}
    return render(wanted, reasons, title=f"profile {plan.profile.name}")


def docker_lines(plan: Plan) -> str:
    """``docker run`` for the container, and what to run on the host."""
    options = [f"  --sysctl {key}='{value}' \\" for key, value in namespace_keys(plan).items()]
    lines = ["# The container's own network namespace (not with --network host, which has the host's):"]
    lines += ["docker run \\", *options, "  IMAGE"] if options else ["# nothing to set"]
    return "\n".join([*lines, *_on_the_host(plan)]) + "\n"


def compose_lines(plan: Plan) -> str:
    """The ``sysctls`` of a Compose service, and what to run on the host."""
    keys = namespace_keys(plan)
    lines = ["# The service's own network namespace (not with network_mode: host, which has the host's):"]
    if keys:
        lines += ["services:", "  SERVICE:", "    sysctls:"]
        lines += [f'      {key}: "{value}"' for key, value in keys.items()]
    else:
        lines.append("# nothing to set")
    return "\n".join([*lines, *_on_the_host(plan)]) + "\n"


def _on_the_host(plan: Plan) -> list[str]:
    keys = host_keys(plan)
    if not keys:
        return []
    settings = " ".join(f"{key}='{value}'" for key, value in keys.items())
    return [
        "# On the host, as root; no container can set these (lower nothing that is already higher):",
        f"sysctl -w {settings}",
    ]


def systemd_unit(plan: Plan) -> str:
    """A unit for the host that applies the profile at each start, links included."""
    demand = plan.demand
    command = (
        f"/usr/bin/env zenlink tune apply --profile {plan.profile.name} --rate {demand.rate_bit_s} "
        f"--rtt {demand.rtt_s:g}s --message {demand.message_bytes}"
    )
    return "\n".join(
        [
            "# /etc/systemd/system/zenlink-tune.service",
            "[Unit]",
            "Description=Kernel settings for ROS 2 and Zenoh",
            "After=network-online.target systemd-sysctl.service",
            "Wants=network-online.target",
            "Before=zenlink.service",
            "",
            "[Service]",
            "Type=oneshot",
            "RemainAfterExit=yes",
            f"ExecStart={command}",
            "CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_OVERRIDE",
            "StateDirectory=zenlink",
            "ReadWritePaths=/etc/sysctl.d",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "NoNewPrivileges=yes",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )


def lines_for(plan: Plan, form: str) -> str:
    """The text of one of ``FORMS``."""
    match form:
        case "sysctl":
            return sysctl_file(plan)
        case "docker":
            return docker_lines(plan)
        case "compose":
            return compose_lines(plan)
        case _:
            return systemd_unit(plan)
