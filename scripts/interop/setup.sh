# Sourced by run and bench, in this folder: makes sure that both sides can start, and sets
# interop_classpath, the class path of this project's peer.

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

libp2p=../../libp2p/target
if [ ! -f $libp2p/interop.classpath ] || [ ! -d $libp2p/test-classes/io/infernet/libp2p/interop ]; then
  echo "building the libp2p module"
  (cd ../.. && mvn -B -q -ntp -pl libp2p -am process-test-classes)
fi
interop_classpath="$libp2p/test-classes:$libp2p/classes:$(cat $libp2p/interop.classpath)"
