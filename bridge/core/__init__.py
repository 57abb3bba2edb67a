"""Values, codecs and decisions: what the bridge knows, without any way to act on it.

Nothing here opens a socket, starts a thread, reads a clock or logs; everything is a function of
its arguments. Must never import anything of ``bridge`` but :mod:`bridge.errors`.
"""
