"""Pods: child processes with the command, environment and disk that Flyte gives a container."""
