"""The images and the stack on a real Docker engine; see conftest.py for what is needed."""
