"""The dispatcher: messages of SQS become executions of Flyte, each upload in exactly one.

An upload's way through the files: `notifications` reads a message, `intake` looks at the objects,
`batching` groups them, `dispatch` claims the batches and `launch` launches them; `processor` tells
SQS which messages are done, and `visibility` when the others come again.
"""
