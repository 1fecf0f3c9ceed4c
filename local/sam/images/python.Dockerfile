# Stands in for python:3.x-slim where no registry of images is at hand: Debian with its Python.
ARG DEBIAN
FROM ${DEBIAN}

# This Python is the image's own: pip may install into it (PEP 668 protects Debian's tools).
RUN ln -s python3 /usr/bin/python && rm /usr/lib/python3*/EXTERNALLY-MANAGED

# Who builds the image decides whom it trusts: the machine's authorities, and MiniStack's.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt

# pip warns of being root and of newer versions of itself; in an image both are as they should be.
ENV LANG=C.UTF-8 \
    PIP_ROOT_USER_ACTION=ignore \
    PIP_DISABLE_PIP_VERSION_CHECK=1
CMD ["python3"]
