"""An engine over the provider's batch API: cheaper, results within a day, no sample paid for twice.

`lines` writes and reads the lines of a batch's files, `api` calls the provider, `state` records unfinished batches on
disk, `missing` tracks missing samples, `collect` reads an ended batch, `engine` submits, waits and collects.
"""
