# Sourced by run and bench, in this folder: makes sure that both sides can start.

fail() {
  echo "$(basename "$0"): $1" >&2
  exit 1
}

command -v node >/dev/null || fail "Node.js 20 or newer is needed; install nodejs"
node_version=$(node -p 'process.versions.node')
[ "${node_version%%.*}" -ge 20 ] || fail "Node.js 20 or newer is needed, this is $node_version"
command -v java >/dev/null || fail "a Java 17 runtime is needed; install openjdk-17-jdk-headless"

# npm leaves its own copy of the lockfile behind when it has installed everything.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  echo "installing js-libp2p from the lockfile"
  npm ci --no-audit --no-fund --loglevel=error
fi

# The class path of the peer in a module's package interop; builds the module when it was not.
interop_classpath() {
  local target=../../$1/target
  if [ ! -f "$target/interop.classpath" ] || ! compgen -G "$target/test-classes/io/infernet/$1/interop/*.class" >/dev/null; then
    echo "building the module $1" >&2
    (cd ../.. && mvn -B -q -ntp -pl "$1" -am process-test-classes) >&2
  fi
  echo "$target/test-classes:$target/classes:$(cat "$target/interop.classpath")"
}
