"""The provider's batch API as an engine: half the price, a day's patience, nothing asked for twice.

`lines` writes and reads the lines of a batch's files, `api` talks to the provider, `state` is what is known on disk of
batches under way, `collect` takes what an ended batch gives, `engine` asks, waits and collects.
"""
