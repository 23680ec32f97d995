#!/bin/sh
# Whether nginx runs; images of it carry no client that could ask.
set -eu
kill -0 "$(cat /tmp/nginx.pid)"
