"""Host tuning and link measuring for zenlink: a library, driven by the ``zenlink`` command.

``core`` decides and computes, from values alone; ``ports`` says what it needs of the world; ``kernel`` (Linux
settings and figures) and ``probe`` (measuring a link) bring it. It imports nothing of ``bridge``, and has
no command, agent or configuration of its own.
"""
