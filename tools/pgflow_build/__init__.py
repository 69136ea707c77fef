"""What builds and checks pgflow: the assembler of the extension scripts and the servers to try them on."""
