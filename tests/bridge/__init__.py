"""Mirror of ``bridge``: one test file for each module, in the same folders."""
