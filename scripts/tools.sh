# Sourced by scripts/test: the tools that only tests need, from Debian and npm. Where one cannot be had it is said,
# and the tests that need it skip in plain words (in CI they fail instead).

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo -n "$@"; else return 1; fi
}

if ! command -v chromium >/dev/null; then
    echo "Installing Chromium for the browser tests …" >&2
    if ! { command -v apt-get >/dev/null && as_root apt-get update -qq && \
           as_root apt-get install -y -qq chromium fonts-noto-cjk; } >/dev/null 2>&1; then
        echo "Chromium is missing; browser tests will skip. Debian: apt-get install chromium fonts-noto-cjk" >&2
    fi
fi

if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    echo "Installing PostgreSQL for the tests of the store …" >&2
    if ! { command -v apt-get >/dev/null && as_root apt-get update -qq && \
           as_root apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null 2>&1; then
        echo "PostgreSQL is missing; its tests will skip. Debian: apt-get install postgresql" >&2
    fi
fi

if ! command -v strace >/dev/null; then
    echo "Installing strace for the faults of storage calls …" >&2
    if ! { command -v apt-get >/dev/null && as_root apt-get update -qq && \
           as_root apt-get install -y -qq --no-install-recommends strace; } >/dev/null 2>&1; then
        echo "strace is missing; its tests will skip. Debian: apt-get install strace" >&2
    fi
fi

if command -v go >/dev/null || [ -x /usr/local/go/bin/go ]; then
    # Says so itself where it has to build: once, 4 to 6 minutes where Go has nothing cached.
    "$PY" -m ledger.consortium.background build >/dev/null || \
        echo "The consortium chain could not be built; its tests will skip." >&2
else
    echo "Go is missing; the tests with the consortium chain will skip. See https://go.dev/dl (Debian's golang is too old)." >&2
fi

for kit in anvil solc; do
    folder=hardhat-free-local/$kit
    [ -f "$folder/package-lock.json" ] || continue
    if [ ! -d "$folder/node_modules" ]; then
        if command -v npm >/dev/null; then
            echo "Installing $kit from npm …" >&2
            (cd "$folder" && npm ci --silent --no-audit --no-fund >/dev/null 2>&1) || \
                echo "npm could not install $kit; its tests will skip." >&2
        else
            echo "npm is missing; the tests with $kit will skip. Debian: apt-get install npm" >&2
        fi
    fi
done
