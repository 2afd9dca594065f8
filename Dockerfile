# The code that pods run. Documents are not in it: a pod takes its release from the database, by digest.
# The workflow `image` builds it; environments name it by its digest.
FROM python:3.11-slim-bookworm@sha256:b18992999dbe963a45a8a4da40ac2b1975be1a776d939d098c647482bcad5cba AS build
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes -r requirements.lock && .venv/bin/python -m pip uninstall --yes pip setuptools
COPY scripts ./scripts
COPY evals ./evals
# The root is read-only where it runs: what is not compiled here would be compiled at each start.
RUN .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash scripts

FROM python:3.11-slim-bookworm@sha256:b18992999dbe963a45a8a4da40ac2b1975be1a776d939d098c647482bcad5cba
LABEL org.opencontainers.image.title="mooring" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /app ./
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/app/scripts PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MOORING_ROOT=/app
USER 10001:10001
ENTRYPOINT ["python", "-m", "mooring"]
CMD ["--help"]
