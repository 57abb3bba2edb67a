"""What a person types. One module a group of commands; libraries are imported by the command that needs them.

Nothing imports this package but ``bridge.__main__`` and the ``zenlink`` entry point.
"""
