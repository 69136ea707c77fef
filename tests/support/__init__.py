"""What the tests stand on: databases, an orchestrator, waiting, a network that fails on demand."""
