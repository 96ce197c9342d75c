# Sets PYTHON313 to an interpreter that is Lambda's Python and no launcher's shim: for sourcing.
for candidate in "${PYTHON313:-}" $(type -ap python3.13 || true) "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3.13; do
  PYTHON313=$("$candidate" -c 'import sys; sys.version_info[:2] == (3, 13) and print(sys._base_executable)' 2>/dev/null || true)
  [ -z "$PYTHON313" ] || break
done
[ -n "${PYTHON313:-}" ] || { echo "python3.13, Lambda's version, was not found: install it, or set PYTHON313 to its path" >&2; exit 1; }
export PYTHON313
