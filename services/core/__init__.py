"""What all functions share: the words of nst as types, the ledger, Flyte, settings, telemetry."""
