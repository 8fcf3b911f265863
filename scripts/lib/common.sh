# shellcheck shell=bash disable=SC2034 # sourced; the variables are for those who do
# Shared by the scripts; sourced with the repository's root as the working directory.

peers=.build/peers # what Debian 12 does not carry, for the tests and the quick start

# Progress goes to stderr: stdout belongs to results.
say() {
    printf '%s\n' "== $*" >&2
}

fail() {
    printf '%s\n' "${0##*/}: error: $1" >&2
    shift
    local hint
    for hint in "$@"; do
        printf '%s\n' "${0##*/}: hint: $hint" >&2
    done
    exit 1
}

# Runs a command whose output matters only when it fails.
quietly() {
    local output
    if ! output=$("$@" 2>&1); then
        printf '%s\n' "$output" >&2
        return 1
    fi
}

# The Swift of the manifest's language features; it is not installed from here because every system gets it its own way.
require_swift() {
    local output version
    output=$(swift --version 2>&1) ||
        fail "no Swift compiler that runs: ${output##*$'\n'}" \
            "install Swift 6.3 or later for Debian 12 as swift.org/install describes, with the packages it names, and put it on PATH"
    version=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$output" | head -n 1)
    printf '%s\n%s\n' 6.3 "$version" | sort -V -C ||
        fail "Swift ${version:-of an unknown version} is too old" "install Swift 6.3 or later for Debian 12 as swift.org/install describes"
}
