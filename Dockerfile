# One image for web, workers, scheduler and sealer. Linted, not built by our tests: see docs/running.md.
FROM node:22-bookworm-slim AS front-end
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /srv/cctv --create-home cctv
WORKDIR /srv/cctv
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --chown=root:root . .
COPY --from=front-end /build/node_modules ./node_modules
RUN python cctv_ops/frontend.py \
    && rm -rf node_modules \
    && DATA_DIR=/tmp/build python manage.py compile_catalogues \
    && DATA_DIR=/tmp/build STATIC_ROOT=/srv/cctv/static-files python manage.py collectstatic --noinput \
    && python -m whitenoise.compress -q /srv/cctv/static-files \
    && rm -rf /tmp/build \
    && install -d -o cctv -g cctv -m 0700 /var/lib/cctv
USER cctv
ENV PYTHONUNBUFFERED=1 DATA_DIR=/var/lib/cctv STATIC_ROOT=/srv/cctv/static-files
EXPOSE 8000
CMD ["gunicorn", "cctv_ops.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--no-control-socket"]
