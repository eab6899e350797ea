# test/copies.sh: a copy of the tree and of PostgreSQL in the folder $tmp; sourced by test/run and
# test/demo/run.
#
# The build is installed into the copy of PostgreSQL and servers run from there, so that neither the
# checkout nor the machine's PostgreSQL is touched, and root can hand all of it to another user.

PG_CONFIG=${PG_CONFIG:-pg_config}
TEST_USER=dbops_test

tree_files() {
	if git -c safe.directory="$PWD" rev-parse --git-dir >/dev/null 2>&1; then
		git -c safe.directory="$PWD" ls-files -z -co --exclude-standard |
			while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done
	else
		find . -type f ! -name '*.o' ! -name '*.so' ! -name '*.bc' ! -path './tmp_check*' -print0
	fi
}

# What test/setup fetched for a test comes along.
copy_tree() {
	mkdir "$tmp/tree" && tree_files | tar --null -T - -cf - | tar -xf - -C "$tmp/tree" || return 1
	[ ! -d test/grafana/node_modules ] || cp -R test/grafana/node_modules "$tmp/tree/test/grafana/"
}

# PostgreSQL finds its share and library folders relative to the program that runs, so a copy in
# the same shape is an installation of its own.
copy_postgres() {
	local what dir
	for what in --bindir --pkglibdir --sharedir --includedir --includedir-server --pkgincludedir; do
		dir=$("$PG_CONFIG" $what) || return 1
		case $dir in
		/usr/include | /usr/lib | /usr/bin | /usr/share | "$pg"*) continue ;;
		esac
		[ -d "$dir" ] || continue
		mkdir -p "$pg$dir" && cp -a "$dir/." "$pg$dir/" || return 1
	done
	rm -rf "$pg$("$PG_CONFIG" --pkglibdir)/bitcode"
}

# Sets $pg, $bindir and $user for the folder $tmp.  PostgreSQL refuses to run as root.
choose_copies() {
	command -v "$PG_CONFIG" >/dev/null || die "$PG_CONFIG is not there" "run: sudo test/setup"
	pg=$tmp/pg
	bindir=$pg$("$PG_CONFIG" --bindir)
	user=$(id -un)
	[ "$(id -u)" -eq 0 ] || return 0
	user=$TEST_USER
	getent passwd $user >/dev/null ||
		useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $user ||
		die "could not make the user $user to run as" "by hand: useradd --system $user"
}

give_copies() { [ "$(id -u)" -ne 0 ] || chown -R "$user:" "$tmp"; }

# A file system of its own, soon full, for the test of a full disk; only root can make one, and not
# everywhere.
mount_small() {
	small=
	[ "$(id -u)" -eq 0 ] && mkdir "$tmp/small" || return 0
	mount -t tmpfs -o size=24m,nosuid,nodev,mode=755 tmpfs "$tmp/small" 2>/dev/null && small=$tmp/small
	return 0
}

unmount_small() { [ -z "${small:-}" ] || umount "$small" || umount -l "$small"; }

# Runs in the copied tree, as $user, with nothing of the caller's environment.
in_tree() {
	local run=(env -i HOME="$tmp/home" LANG=C.UTF-8 TERM=dumb TMPDIR=/tmp USER="$user" LOGNAME="$user"
		DBOPS_SMALL_DISK="${small:-}"
		PATH="$bindir:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" sh -c 'cd "$0" && exec "$@"' "$tmp/tree")
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u "$user" -- "${run[@]}" "$@"
	else
		"${run[@]}" "$@"
	fi
}

in_make() { in_tree make --no-print-directory PG_CONFIG="$bindir/pg_config" with_llvm=no "$@"; }
