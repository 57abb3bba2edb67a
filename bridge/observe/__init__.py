"""What a running agent tells about itself: the engine's state as values of :mod:`bridge.core.status`.

:class:`bridge.observe.observer.Observer` answers on any thread; what looks at graph and routes for it runs on
the engine's. Nothing here formats for a person or a metric.
"""
