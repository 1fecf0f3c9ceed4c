"""Executions: nodes in order, tasks attempt by attempt, CPUs shared among all."""
