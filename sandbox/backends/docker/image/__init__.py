"""The container image that programs run in: a Dockerfile, and a build script for machines without a registry."""
