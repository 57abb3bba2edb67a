"""Figures of the host that are not the agent's own: GPUs, containers. For hosts that run no exporter of them.

Off by default: dcgm-exporter and cAdvisor tell more. The libraries that read them are optional.
"""
