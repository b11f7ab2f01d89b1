"""The processes of a run: started on this host, and joined into one group."""
