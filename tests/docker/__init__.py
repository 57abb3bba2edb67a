"""The files of docker/, read and linted without an engine; tests/stack runs them."""
