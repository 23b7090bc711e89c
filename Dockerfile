FROM python:3.11-slim-bookworm AS build
WORKDIR /earshot
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/earshot earshot \
    && install --directory --owner=earshot --mode=0700 /var/lib/earshot/data
COPY --from=build /venv /venv
USER 10001
WORKDIR /var/lib/earshot
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EARSHOT_DATA_DIR=/var/lib/earshot/data \
    EARSHOT_HOST=0.0.0.0
VOLUME /var/lib/earshot/data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["earshot", "serve"]
