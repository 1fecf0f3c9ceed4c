#!/bin/sh
# As in AWS's image: the one argument is the handler, and a runtime API must be there to serve it.
if [ $# -ne 1 ]; then
    echo "entrypoint requires the handler name to be the first argument" >&2
    exit 142
fi
if [ -z "${AWS_LAMBDA_RUNTIME_API}" ]; then
    echo "no runtime API: start this image with sam local invoke" >&2
    exit 1
fi
export _HANDLER="$1"
exec /var/runtime/bootstrap
