#!/bin/sh
# nginx in front of the gateways that there are: their number changes (--scale), and nginx looks names up at its start alone.
set -eu

NAME=gateway PORT=8000 EVERY_SECONDS=2
# One that dies comes back under its address within seconds, and is passed over meanwhile. Only one that is gone for so many looks is
# forgotten: each reload closes connections that clients keep.
GONE_AFTER_LOOKS=30

addresses() {
    getent hosts "$NAME" | awk '{print $1}' | sort -u | tr '\n' ' '
}

write_gateways() {
    {
        echo "upstream gateways {"
        echo "    zone gateways 64k;"
        for address in $1; do echo "    server $address:$PORT max_fails=1 fail_timeout=1s;"; done
        echo "    keepalive 256;"
        echo "    keepalive_timeout 20s;"
        echo "}"
    } >/tmp/gateways.conf
}

# Whether one of the first is not among the second.
lacks() {
    for address in $1; do
        case " $2 " in
        *" $address "*) ;;
        *) return 0 ;;
        esac
    done
    return 1
}

follow() {
    known=$1 looks=0
    while sleep "$EVERY_SECONDS"; do
        found=$(addresses)
        [ -n "$found" ] || continue
        if lacks "$known" "$found"; then looks=$((looks + 1)); else looks=0; fi
        if lacks "$found" "$known" || [ "$looks" -ge "$GONE_AFTER_LOOKS" ]; then
            write_gateways "$found"
            nginx -e stderr -c /edge/nginx.conf -s reload && known=$found looks=0
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

until found=$(addresses) && [ -n "$found" ]; do
    echo "edge: no $NAME has an address yet" >&2
    sleep 1
done
write_gateways "$found"
follow "$found" &
exec nginx -e stderr -c /edge/nginx.conf
