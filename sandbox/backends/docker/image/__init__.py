"""The container image programs run in: a Dockerfile, and a bootstrap for machines that reach no registry."""
