"""The whole system on one machine: MiniStack, a local Flyte control plane, the `nst` command."""
