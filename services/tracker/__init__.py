"""Execution finished → ledger: manifests as they arrive, and a patrol for those that wrote none."""
