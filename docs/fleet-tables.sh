#!/usr/bin/env bash
# Writes the tables of docs/fleet.md again: each stands between "<!-- puna ARGUMENTS -->" and "<!-- end -->" and is what
# that command prints with --markdown. FIXTURES names the folder with the published tables.
set -euo pipefail
cd "$(dirname "$0")/.."
export FIXTURES="${FIXTURES:-${PUNA_FIXTURES:-../shared/fixtures}/fleet}"
[ -d "$FIXTURES" ] || { echo "fleet-tables.sh: no folder $FIXTURES; name it in FIXTURES" >&2; exit 2; }
puna="${PUNA:-./puna}"
new="$(mktemp)"
skip=
while IFS= read -r line; do
  case "$line" in
    '<!-- puna '*)
      printf '%s\n\n' "$line" >>"$new"
      arguments="${line#<!-- puna }"
      arguments="${arguments% -->}"
      eval "\"$puna\" $arguments --markdown" | sed "s#$FIXTURES/##g" >>"$new"
      skip=1
      ;;
    '<!-- end -->')
      printf '%s\n' "$line" >>"$new"
      skip=
      ;;
    *)
      [ -n "$skip" ] || printf '%s\n' "$line" >>"$new"
      ;;
  esac
done <docs/fleet.md
mv "$new" docs/fleet.md
