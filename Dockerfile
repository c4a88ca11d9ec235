# The server as a container image: `docker build -t sessiongraph .`
FROM node:22-slim AS web
WORKDIR /sessiongraph/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
COPY schema.graphql ../
COPY web ./
RUN npm run build

FROM python:3.13-slim AS build
WORKDIR /sessiongraph
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY exchange exchange
COPY execution execution
COPY schema schema
COPY resolvers resolvers
COPY models models
COPY migrations migrations
COPY server server
COPY adapters adapters
RUN .venv/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation \
    --editable . --editable ./adapters

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /var/lib/sessiongraph sessiongraph
COPY --from=build /sessiongraph /sessiongraph
COPY --from=web /sessiongraph/web/dist /sessiongraph/web/dist
ENV PATH=/sessiongraph/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SESSIONGRAPH_HOST=0.0.0.0 \
    SESSIONGRAPH_DATA_DIRECTORY=/var/lib/sessiongraph/data
USER sessiongraph
VOLUME /var/lib/sessiongraph
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["sessiongraph", "serve"]
