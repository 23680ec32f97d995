#!/bin/sh
# nginx in front of the gateways that there are: each listens on a socket N.sock of a folder, the lowest number that was free, so one that
# is replaced has a successor of the same number. Only how many there are changes (--scale), and nginx has to be told.
set -eu

SOCKETS=/sockets EVERY_SECONDS=2
# One that ends is passed over at once, and costs a try a second. Only one that is gone for so many looks is forgotten: each reload closes
# connections that clients keep.
GONE_AFTER_LOOKS=30

# The highest number.
found() {
    ls "$SOCKETS" | sed -n 's/^\([0-9][0-9]*\)\.sock$/\1/p' | sort -n | tail -n 1
}

write_gateways() {
    {
        echo "upstream gateways {"
        echo "    zone gateways 64k;"
        number=1
        while [ "$number" -le "$1" ]; do
            echo "    server unix:$SOCKETS/$number.sock max_fails=1 fail_timeout=1s;"
            number=$((number + 1))
        done
        echo "    keepalive 256;"
        # A gateway that leaves waits until none is kept.
        echo "    keepalive_timeout 1s;"
        echo "}"
    } >/tmp/gateways.conf
}

follow() {
    known=$1 looks=0
    while sleep "$EVERY_SECONDS"; do
        now=$(found)
        [ -n "$now" ] || continue
        if [ "$now" -lt "$known" ]; then looks=$((looks + 1)); else looks=0; fi
        if [ "$now" -gt "$known" ] || [ "$looks" -ge "$GONE_AFTER_LOOKS" ]; then
            write_gateways "$now"
            nginx -e stderr -c /edge/nginx.conf -s reload && known=$now looks=0
        fi
    done
}

if [ -s /certificates/tls.crt ] && [ -s /certificates/tls.key ]; then
    cat >/tmp/listen.conf <<'TLS'
listen 8080 ssl;
ssl_certificate /certificates/tls.crt;
ssl_certificate_key /certificates/tls.key;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache shared:tls:1m;
TLS
else
    echo "listen 8080;" >/tmp/listen.conf
fi

until now=$(found) && [ -n "$now" ]; do
    echo "edge: no gateway listens yet" >&2
    sleep 1
done
write_gateways "$now"
follow "$now" &
exec nginx -e stderr -c /edge/nginx.conf
