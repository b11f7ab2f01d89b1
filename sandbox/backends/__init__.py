"""What programs are kept in: containers of Docker, namespaces made by bubblewrap, or nothing (`trusted`)."""
