"""The AWS side: Lambda functions that turn uploads into Flyte executions and back into a ledger."""
