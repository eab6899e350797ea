# test/matrix/roots.sh: folders with a Debian of their own, to run things in; sourced by
# test/matrix/run and test/matrix/upgrade.
#
# A folder is made by debootstrap with the packages that test/setup asks for, and stays in the cache,
# so that only the first run downloads (about 700 MB on disk per version); deleting it makes it anew.
# Mounts and servers live in a name space of their own and are gone when a run ends.  Expects
# test/steps.sh and test/copies.sh.

# The mirror that this machine gets its own packages from.
own_mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1
}
MIRROR=${DBOPS_MATRIX_MIRROR:-$(own_mirror)}
CACHE=${DBOPS_MATRIX_CACHE:-/var/cache/dbops-matrix}

require_roots() { # TARGET of make
	[ "$(id -u)" -eq 0 ] || die "debootstrap and chroot need root" "run: sudo make $1"
	command -v debootstrap >/dev/null || die "debootstrap is not there" "run: apt-get install debootstrap"
	[ -n "$MIRROR" ] || die "apt knows no mirror" "run apt-get update, or set DBOPS_MATRIX_MIRROR"
	mkdir -p "$CACHE" || die "cannot write $CACHE" "set DBOPS_MATRIX_CACHE to a folder with some GB"
	steps_logs=$(mktemp -d "${TMPDIR:-/tmp}/dbops-matrix.XXXXXX") || exit 1
	trap steps_stop EXIT
	trap 'echo; echo "dbops: interrupted" >&2; exit 130' INT TERM HUP
}

# Runs a command in $root.  The name spaces end with it: no mount and no server outlives it.
in_root() {
	unshare --mount --pid --fork --kill-child sh -c '
		root=$0
		mount -t proc proc "$root/proc" && mount --rbind -o ro /sys "$root/sys" &&
			mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" || exit 1
		exec chroot "$root" env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' "$root" "$@"
}

# A folder is complete when it has its final name.  A suite newer than debootstrap is made as sid is.
bootstrap() {
	local script=
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=sid
	rm -rf "$root.new"
	debootstrap --variant=minbase "$suite" "$root.new" "$MIRROR" ${script:+"$script"} &&
		mv "$root.new" "$root"
}


# A fresh copy of the tree in $root.
bring_tree() {
	local tmp=$root/dbops
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	rm -rf "$tmp" "$root"/tmp/dbops-* && mkdir "$tmp" && copy_tree
}
