ARG PYTHON=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
WORKDIR /earshot
RUN python -m venv --without-pip /venv
COPY requirements.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --no-compile --require-hashes -r requirements.txt
COPY . .
# Twilio's client has code for some 40 products; byte code is made for the one that sends text messages.
RUN pip --python /venv/bin/python install --no-cache-dir --no-compile --no-deps --no-build-isolation . \
    && pip --python /venv/bin/python uninstall --yes setuptools \
    && /venv/bin/python -m compileall -q -x 'twilio/rest/(?!api/|__init__)' /venv/lib

FROM ${PYTHON}
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/earshot earshot \
    && install --directory --owner=earshot --mode=0700 /var/lib/earshot/data
COPY --from=build /venv /venv
USER 10001
WORKDIR /var/lib/earshot
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EARSHOT_DATA_DIR=/var/lib/earshot/data \
    EARSHOT_HOST=0.0.0.0 \
    EARSHOT_PORT=8000
VOLUME /var/lib/earshot/data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['EARSHOT_PORT'] + '/healthz', timeout=4)"]
CMD ["earshot", "serve"]
