#!/bin/sh
# Infernet in one file: this script with a jar behind it. It finds a Java runtime, picks flags for
# the verb and hands over. INFERNET_JAVA_OPTS adds flags for the Java runtime.

fail() {
  echo "infernet: $1" >&2
  exit 1
}

if [ -n "${JAVA_HOME:-}" ]; then
  java=$JAVA_HOME/bin/java
  [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, where there is no bin/java: set it to a Java 17 or newer, or unset it"
else
  java=$(command -v java) || fail "no Java found: install Java 17 or newer (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME"
fi

# The runtime's release file tells the version without starting it.
version= runtime=
real=$(readlink -f "$java" 2>/dev/null) || real=$java
release=${real%/bin/java}/release
if [ -r "$release" ]; then
  while IFS='=' read -r name value; do
    value=${value#\"} value=${value%\"}
    case $name in
      JAVA_VERSION) version=$value ;;
      JAVA_RUNTIME_VERSION) runtime=$value ;;
    esac
  done < "$release"
fi
if [ -z "$version" ]; then
  version=$("$java" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p')
fi
major=${version%%[!0-9]*}
[ "${major:-0}" -ge 17 ] || fail "this needs Java 17 or newer, and $java is Java ${version:-of an unknown version}: install one, or set JAVA_HOME to one"
runtime=$(printf %s "${runtime:-$version}" | tr -c 'A-Za-z0-9.\n' _)

flags_for() {
  # No log lines of the runtime in our output, whatever it thinks of the class archive.
  flags="-Xlog:disable -Xshare:auto"
  [ "$major" -lt 23 ] || flags="$flags --sun-misc-unsafe-memory-access=allow"
  case $1 in
    bench-dht) flags="$flags -Xmx7g -Xmn2g -XX:+UseParallelGC" ;; # ten thousand nodes take about 4 GB
    serve | start | bench) flags="$flags -Xmx1g" ;;
    run) flags="$flags -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1" ;;
    *) flags="$flags -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1" ;;
  esac
}

# Class data made ready in advance more than halves the start time. An archive fits one build of
# this file and one Java runtime; without one all works, only slower. Makes the file $1.
make_archive() {
  flags_for training
  # shellcheck disable=SC2086 # flags are words
  "$java" $flags -XX:ArchiveClassesAtExit="$1.$$" -cp "$0" io.infernet.node.cli.ClassDataTraining \
    < /dev/null > /dev/null 2>&1 && mv "$1.$$" "$1"
}

archive=$0-$runtime.jsa
if [ -n "${INFERNET_JAVA_ARCHIVE:-}" ]; then
  make_archive "$archive"
  exit
fi
if [ ! -r "$archive" ]; then
  # A copied binary makes its own, once, while it does its work.
  cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/infernet
  stamp=$(stat -L -c %s-%Y "$0" 2> /dev/null || stat -L -f %z-%m "$0" 2> /dev/null)
  archive=$cache/$stamp-$runtime.jsa
  if [ ! -e "$archive" ] && mkdir -p "$cache" 2> /dev/null && mkdir "$archive.making" 2> /dev/null; then
    (
      trap 'rmdir "$archive.making"' EXIT
      find "$cache" -name '*.jsa' -mtime +30 -exec rm -f {} +
      make_archive "$archive"
    ) > /dev/null 2>&1 &
  fi
fi

# How a person would start this again, for texts that say what to do next.
program=${INFERNET_JAVA_PROGRAM:-$0}
case $program in
  */*) [ "$(command -v "${program##*/}")" != "$program" ] || program=${program##*/} ;;
esac

# Threads of libtorch that wait may spin from one product to the next (some tens of microseconds)
# and must sleep then: where others want the cores too, spinning costs all.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-20000}"
# Each thread that loads a model would keep some memory of its own for the next one.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
# What a layer of a prompt needs for a moment is kept for the next one. Given back to the kernel
# and asked for anew, page by page, it takes a third of the time of quantized prompts.
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-33554432}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-268435456}"

terminals=
[ ! -t 0 ] || terminals=0
[ ! -t 1 ] || terminals=${terminals}1
[ ! -t 2 ] || terminals=${terminals}2
case "${1:-} ${2:-}" in
  'bench dht') flags_for bench-dht ;;
  *) flags_for "${1:-}" ;;
esac
# shellcheck disable=SC2086 # flags are words
exec "$java" $flags -XX:SharedArchiveFile="$archive" -Dinfernet.launcher="$0" \
  -Dinfernet.program="$program" -Dinfernet.terminals="$terminals" \
  ${INFERNET_JAVA_OPTS:-} -jar "$0" "$@"
exit 1
