"""AWS and Flyte in memory, which can be told to fail in the ways that the real ones do."""
