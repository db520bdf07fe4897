# The command `shardy` in a small image, without a shell and without root. Build it from the packages of a release:
#
#   npm run release
#   docker build --tag shardy .
#   docker run --rm --volume "$PWD:/data" shardy get 42 --prefix snapshot
#
# Only registries are needed: of images, and of npm.
FROM node:24-bookworm-slim AS install
COPY release/ /tmp/release/
WORKDIR /opt/shardy
# The tarballs are those that are published. LanceDB is left out, because its native code is larger than everything else.
RUN cd /tmp/release && sha256sum --check --quiet SHA256SUMS
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund --no-package-lock $(ls /tmp/release/*.tgz | grep -v lancedb)

FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=install /opt/shardy /opt/shardy
COPY release/THIRD-PARTY-LICENCES.txt /opt/shardy/
ENV NODE_ENV=production
# Snapshots and input files are mounted here; relative prefixes start here.
WORKDIR /data
USER nonroot
ENTRYPOINT ["/nodejs/bin/node", "/opt/shardy/node_modules/@shardyfusion/cli/dist/bin.js"]
CMD ["--help"]
