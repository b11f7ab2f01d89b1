"""Slots: started runners on the host's side, and the scheduling of jobs over them."""
