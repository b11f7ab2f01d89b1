"""What runs on the inside of a workspace: loaded into its jail, or run while that is made. Standard library only."""
