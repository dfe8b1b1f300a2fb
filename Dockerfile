# Build the wheels where there may be compilers, run where there are none.
FROM python:3.13-slim AS build
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY app app
COPY storage storage
RUN pip wheel --no-cache-dir --wheel-dir /wheels -c constraints.txt .

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels fovea-dicomweb \
    && useradd --system --uid 10001 --home-dir /data fovea \
    && install --directory --owner fovea /data /access
USER fovea
VOLUME /data
EXPOSE 8080
ENV FOVEA_HOST=0.0.0.0 \
    FOVEA_PORT=8080 \
    FOVEA_DATA=/data
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
CMD ["fovea", "serve"]
