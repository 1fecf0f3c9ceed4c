# Stands in for public.ecr.aws/lambda/python:3.13: the same folders, variables and entry point.
# The runtime is AWS's own, awslambdaric; the emulator of its API comes with the SAM CLI.
ARG PYTHON
FROM ${PYTHON}

ENV LANG=en_US.UTF-8 \
    TZ=:/etc/localtime \
    PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin \
    LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \
    LAMBDA_TASK_ROOT=/var/task \
    LAMBDA_RUNTIME_DIR=/var/runtime

COPY runtime.txt /tmp/runtime.txt
RUN mkdir -p /var/task /var/runtime /var/lang/bin /opt \
    && ln -s /usr/bin/python3 /var/lang/bin/python3.13 \
    && python3 -m pip install --no-cache-dir --require-hashes --target /var/runtime --requirement /tmp/runtime.txt \
    && rm /tmp/runtime.txt

COPY bootstrap /var/runtime/bootstrap
COPY lambda-entrypoint.sh /lambda-entrypoint.sh
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
