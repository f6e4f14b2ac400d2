# Runs etcd, haproxy and, for each line `NUMBER API-PORT PORT` of standard input, a PostgreSQL server under Patroni. When
# standard input ends everything ends that works in a folder below this one: Patroni's servers leave any group of processes.
PATH=$PATH:/usr/sbin
here=$(pwd -P)

etcd --data-dir etcd --listen-client-urls "http://127.0.0.1:$ETCD" --advertise-client-urls "http://127.0.0.1:$ETCD" \
  --listen-peer-urls "http://127.0.0.1:$ETCD_PEER" --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER" \
  --initial-cluster "default=http://127.0.0.1:$ETCD_PEER" >etcd.log 2>&1 &
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &

while read -r number api port; do
  mkdir -p "node$number"
  (
    cd "node$number" || exit
    export PATRONI_NAME="node$number" PATRONI_ETCD3_HOST="127.0.0.1:$ETCD" PATRONI_POSTGRESQL_BIN_DIR="$PROGRAMS"
    export PATRONI_RESTAPI_LISTEN="127.0.0.1:$api" PATRONI_RESTAPI_CONNECT_ADDRESS="127.0.0.1:$api"
    export PATRONI_POSTGRESQL_LISTEN="127.0.0.1:$port" PATRONI_POSTGRESQL_CONNECT_ADDRESS="127.0.0.1:$port"
    exec patroni ../patroni.yml >>log 2>&1
  ) &
done

# Once more for what was being started.
for round in 1 2; do
  for process in /proc/[0-9]*; do
    id=${process#/proc/}
    case $(readlink "$process/cwd") in
      "$here"*) [ "$id" = $$ ] || kill -9 "$id" ;;
    esac
  done
done 2>/dev/null
