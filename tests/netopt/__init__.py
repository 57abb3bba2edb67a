"""Mirror of ``netopt``: one test file for each module, in the same folders."""
