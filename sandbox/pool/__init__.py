"""The host's side of runners: slots, each with one started runner, and the scheduling of jobs over them."""
