"""Ends → ledger: results and manifests as they arrive, and a patrol for what wrote none."""
