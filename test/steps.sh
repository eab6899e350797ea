# test/steps.sh: long work shown step by step; sourced by test/setup, test/run and test/demo/run.
#
# A step is one line: its title, a dot every few seconds, how it ended.  What it prints goes to a log;
# a failing step shows the end of it.

steps_logs=${steps_logs:-}	# folder of the logs; made when first needed
steps_last=	# log of the current or last step
steps_pid=	# its process group

say() { printf '%s\n' "$*"; }

die() {
	printf '\n%s\n' "dbops: $1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

steps_open() { # TITLE: the log of a new step
	if [ -z "$steps_logs" ]; then
		steps_logs=$(mktemp -d "${TMPDIR:-/tmp}/dbops-logs.XXXXXX") || exit 1
	fi
	steps_last=$steps_logs/$(printf '%s' "$1" | tr -cs 'A-Za-z0-9\n' _).log
}

# step TITLE COMMAND...: runs it, in a process group of its own so that an interrupt ends all of it.
# Returns its exit code.
step() {
	local title=$1 began=$SECONDS ticks=0 code
	shift
	steps_open "$title"
	printf '  %-34s ' "$title"
	set -m
	("$@") >"$steps_last" 2>&1 </dev/null &
	steps_pid=$!
	set +m
	while kill -0 $steps_pid 2>/dev/null; do
		sleep 0.1
		ticks=$((ticks + 1))
		[ $((ticks % 50)) -ne 0 ] || printf .
	done
	wait $steps_pid
	code=$?
	steps_pid=
	if [ $code -eq 0 ]; then
		steps_ok "$((SECONDS - began))"
	else
		printf ' FAILED after %d s\n' $((SECONDS - began))
	fi
	return $code
}

steps_ok() { # SECONDS: the end of the line, with the last line of the log when it is a tally
	local note
	note=$(tail -n 1 "$steps_last" 2>/dev/null | grep -E '^[0-9]+ passed' || true)
	printf ' ok%s%s\n' "${note:+  $note}" "$([ "$1" -lt 2 ] || printf '  (%d s)' "$1")"
}

# The end of the log of the step that failed.
steps_tail() {
	uniq "$steps_last" | tail -n "${1:-40}" | sed 's/^/    | /'
}

# Ends the running step when the script is interrupted.
steps_stop() {
	[ -z "$steps_pid" ] || kill -TERM -- "-$steps_pid" 2>/dev/null || true
}
