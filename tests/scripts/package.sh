#!/usr/bin/env bash
# Tries the Debian package of the central store as an administrator meets it: installed, run, upgraded, removed and
# purged in a clean Debian, and the container's second stage in another. Ends with "N passed, N failed".
#   package.sh PACKAGE
# Where it cannot be tried it says why and passes. The clean Debian it keeps for the next time belongs to root.
set -euo pipefail
package=$(realpath -e "${1:?the package to try}")
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${CARGO_TARGET_DIR:-target}/package")
release=bookworm
settings=/etc/skranke/server.toml
unit=lib/systemd/system/skranke-server.service
containerfile=server/packaging/Containerfile

not_tried() { printf 'not tried: %s\n' "$*"; exit 0; }

# --- where it is tried ---

have_debootstrap() {
  command -v apt-get >/dev/null || return 1
  command -v debootstrap >/dev/null && return
  { apt-get -o DPkg::Lock::Timeout=600 update && DEBIAN_FRONTEND=noninteractive apt-get \
    -o DPkg::Lock::Timeout=600 install -y --no-install-recommends debootstrap; } >/dev/null 2>&1
}

# What it mounts and starts lies in namespaces of its own, so that both end with it, however it ends.
enter() {
  if [ "$(id -u)" != 0 ]; then
    sudo -v 2>/dev/null || not_tried "the package, which needs root"
    exec sudo env ${CARGO_TARGET_DIR:+"CARGO_TARGET_DIR=$CARGO_TARGET_DIR"} "tests/scripts/${0##*/}" "$package"
  fi
  have_debootstrap || not_tried "the package, which needs apt and debootstrap"
  local apart=(unshare --mount --pid --fork --kill-child --mount-proc)
  "${apart[@]}" true 2>/dev/null || not_tried "the package: root may mount nothing here"
  exec "${apart[@]}" env SKRANKE_PACKAGE_APART=1 "tests/scripts/${0##*/}" "$package"
}

[ "${SKRANKE_PACKAGE_APART:-}" = 1 ] || enter
unset SKRANKE_PACKAGE_APART

kept=$folder/$release
work=$folder/try
root=$work/root
log=$work/log
server='' mask=0022 records=''

# Never goes into what is still mounted.
delete_root() {
  local mounted
  for mounted in "$work"/{root,base}/{proc,sys}; do ! mountpoint -q "$mounted" || umount "$mounted"; done
  rm -rf --one-file-system "$root"
}
end() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  ! delete_root || rm -rf --one-file-system "$work"
}
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$folder"
# One at a time; what one that was killed has left is deleted by the next.
exec 9>"$folder/lock"
flock 9
trap end EXIT
rm -rf --one-file-system "$work"
mkdir "$work"

# The address this machine has Debian (or what LABEL names) from.
mirror() {
  # shellcheck disable=SC2016 # apt's fields, not ours
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Identifier: Packages' |
    awk -F'|' -v label="$1" '$1 == "Debian" && $2 == label && !found { found = 1; print $3 }'
}

make_base() {
  [ -d "$kept" ] && return
  echo "making a clean Debian, once"
  debootstrap --variant=minbase "$release" "$work/base" "$debian" >"$log" 2>&1 ||
    not_tried "the package: no clean Debian can be made ($(tail -n 1 "$log"))"
  rm -f "$work"/base/var/cache/apt/archives/*.deb
  mv -T "$work/base" "$kept"
}

# A clean Debian at $root that has its packages from where this machine has them.
clean_debian() {
  delete_root
  cp -a --reflink=auto "$kept" "$root"
  mount -t proc proc "$root/proc"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  {
    printf 'deb %s %s main\n' "$debian" "$release"
    [ -z "$security" ] || printf 'deb %s %s-security main\n' "$security" "$release"
  } >"$root/etc/apt/sources.list"
  apt-config dump Acquire | grep -v '::IndexTargets' >"$root/etc/apt/apt.conf.d/from-the-machine"
  # An https mirror is believed before certificates are installed.
  [ ! -r /etc/ssl/certs/ca-certificates.crt ] || {
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/apt/authorities.pem"
    echo 'Acquire::https::CAInfo "/etc/apt/authorities.pem";' >>"$root/etc/apt/apt.conf.d/from-the-machine"
  }
}

# Before a command: it runs in $root, with nothing of this shell's environment but the way to the mirror.
inside=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root)
for name in http_proxy https_proxy no_proxy; do [ -z "${!name:-}" ] || inside+=("$name=${!name}"); done
inside+=(chroot "$root")

# Before a command: as systemd and a container start it, with no right that the user has not.
as_user() { as=("${inside[@]}" setpriv --reuid "$1" --regid "${2:-$1}" --init-groups --no-new-privs --bounding-set=-all); }

# --- counting ---

passed=0
failed=0

# check NAME COMMAND...: one line, and what the command said where it failed.
check() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf 'ok      %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$name"
    tail -n 20 "$log" | sed 's/^/        /'
  fi
}

is() { [ "$1" = "$2" ] || { printf 'is      %s\nand not %s\n' "$1" "$2"; return 1; }; }
rights() { is "$("${inside[@]}" stat -c '%U:%G %a' "$1")" "$2"; }

# --- a running server ---

free_port() {
  local found=0
  while [ "$found" = 0 ] || (: <>"/dev/tcp/127.0.0.1/$found") 2>/dev/null; do found=$((20000 + RANDOM % 10000)); done
  echo "$found"
}
port=$(free_port)

# The example as its own comments say it is changed for SQLite; written into the file that is there, whose rights stay.
write_settings() {
  sed -e "s|^listen = .*|listen = \"127.0.0.1:$port\"|" \
    -e 's|^store = .*|store = "sqlite:/var/lib/skranke/central.db"|' \
    -e '/^database_password_file/d' -e '/^metrics_listen/d' server/packaging/server.toml >"$root$settings"
}

# Why it ended stands in its log.
answers() {
  local status
  for _ in {1..150}; do
    status=$({ exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3 &&
      read -r -t 5 _ status _ <&3 && echo "$status"; } 2>/dev/null) || true
    [ "$status" = 200 ] && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.2
  done
  echo "$1 answered ${status:-nothing}"
  tail -n 10 "$work/server.log"
  return 1
}

ends_when_told() {
  local code=0
  [ -n "$server" ] || return 1
  kill -TERM "$server"
  for _ in {1..150}; do kill -0 "$server" 2>/dev/null || break; sleep 0.2; done
  kill -KILL "$server" 2>/dev/null || true
  wait "$server" || code=$?
  server=
  is "$code" 0 || { tail -n 10 "$work/server.log"; return 1; }
}

# start COMMAND...: as the user chosen last. Nothing but exec stands between, so that signal and code are the server's own.
start() {
  (umask "$mask"; exec "${as[@]}" "$@") >"$work/server.log" 2>&1 </dev/null &
  server=$!
}

# --- the package ---

of_unit() { sed -n "s/^$1=//p" "$root/$unit"; }

install_package() {
  cp "$package" "$root/tmp/skranke-server.deb" &&
    # Without what is only recommended, so that what is needed is all in Depends.
    "${inside[@]}" apt-get install -y --no-install-recommends /tmp/skranke-server.deb
}

user_is_made() {
  "${inside[@]}" getent passwd skranke | grep ':/var/lib/skranke:' && "${inside[@]}" getent group skranke &&
    is "$("${inside[@]}" id -gn skranke)" skranke
}

starts_as_the_unit_says() {
  local before command
  read -ra before <<<"$(of_unit ExecStartPre)"
  read -ra command <<<"$(of_unit ExecStart)"
  mask=$(of_unit UMask)
  as_user "$(of_unit User)" "$(of_unit Group)"
  (umask "$mask"; "${as[@]}" "${before[@]}") && start "${command[@]}" && answers /healthz
}

operator() { "${as[@]}" skranke-server --config "$settings" "$@"; }

# The password stands nowhere but here.
makes_an_administrator() { operator add-staff --login first.administrator --roles administrator <<<'a-password-of-the-trial'; }

makes_a_backup() {
  "${inside[@]}" install -d -o skranke -g skranke -m 700 /backup &&
    operator backup --to /backup/skranke && is "$(find "$root/backup/skranke" -name manifest.json | wc -l)" 1
}

backup_is_whole() {
  local made=("$root"/backup/skranke/*/)
  operator --store sqlite:/var/lib/skranke/new.db restore --from "${made[0]#"$root"}" --verify
}

contents() { (cd "$root/var/lib/skranke" && find . -type f -exec sha256sum {} + | sort -k 2); }
note_records() { records=$(contents) && grep central.db <<<"$records" && grep -w key <<<"$records"; }
records_are_left() { is "$(contents)" "$records"; }
settings_are_left() { diff "$work/settings" "$root$settings"; }

install_over() { "${inside[@]}" dpkg -i /tmp/skranke-server.deb; }
# An administrator may have the settings elsewhere, and dpkg does not bring back what was deleted.
install_over_without_settings() {
  local code=0
  mv "$root$settings" "$work/moved"
  install_over || code=$?
  mv "$work/moved" "$root$settings"
  return "$code"
}
remove() { "${inside[@]}" apt-get remove -y skranke-server && [ ! -e "$root/usr/bin/skranke-server" ]; }
purge() { "${inside[@]}" apt-get purge -y skranke-server && [ ! -e "$root$settings" ]; }

try_install() {
  check "the package installs on a clean Debian" install_package
  check "user and group are made" user_is_made
  check "the settings are readable by root and the server alone" rights "$settings" 'root:skranke 640'
  check "so is their folder" rights /etc/skranke 'root:skranke 750'
  check "the folder of the records is the server's own" rights /var/lib/skranke 'skranke:skranke 700'
  check "the program says its version" "${inside[@]}" skranke-server --version
}

try_run() {
  write_settings
  cp "$root$settings" "$work/settings"
  check "it starts as the unit says, and is healthy" starts_as_the_unit_says
  check "it is ready" answers /readyz
  check "the first administrator is made" makes_an_administrator
  check "a code for the first computer is made" operator enrolment-code
  check "a backup is made while it runs" makes_a_backup
  check "the backup is whole" backup_is_whole
  check "it ends with code 0 when told" ends_when_told
}

try_upgrade() {
  check "there are records" note_records
  check "the package installs over itself" install_over
  check "records are kept" records_are_left
  check "changed settings are kept" settings_are_left
  check "their rights are as they were" rights "$settings" 'root:skranke 640'
  check "the package installs over itself where they were deleted" install_over_without_settings
  check "it starts again" starts_as_the_unit_says
  check "the audit is whole" operator audit verify --tenant 0999
  check "it ends again" ends_when_told
}

try_removal() {
  check "there are records" note_records
  check "the package is removed" remove
  check "records are left" records_are_left
  check "settings are left" settings_are_left
  check "the package is purged, and its settings" purge
  check "records are left by that too" records_are_left
  check "the package installs anew" install_package
  write_settings
  check "it starts with what was left" starts_as_the_unit_says
  check "the audit is still whole" operator audit verify --tenant 0999
  check "it ends once more" ends_when_told
}

# --- the container ---

# The second stage: what follows the last FROM, an instruction a line.
stage() {
  sed -e ':join' -e '/\\$/{N;s/\\\n//;bjoin' -e '}' "$containerfile" |
    awk '/^FROM / { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }'
}
of_stage() { stage | sed -n "s/^$1 //p"; }
words() { of_stage "$1" | grep -o '"[^"]*"' | tr -d '"'; }

container_is_built() {
  local line from to
  [ -n "$(of_stage RUN)" ] || return 1
  while read -r line; do "${inside[@]}" sh -c "$line" </dev/null || return 1; done < <(of_stage RUN)
  # What the first stage builds is what the package holds.
  read -r from to <<<"$(of_stage 'COPY --from=build')"
  is "$from" /source/target/release/skranke-server &&
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work" ./usr/bin/skranke-server &&
    install -D -m 755 "$work/usr/bin/skranke-server" "$root$to"
}

container_starts() {
  local command
  readarray -t command < <(words ENTRYPOINT; words CMD)
  mask=0022
  as_user "$(of_stage USER)"
  # A volume that the image has nothing for belongs to root.
  mkdir -p "$root/etc/skranke" && write_settings && start "${command[@]}" && answers /healthz
}

try_container() {
  check "the container's second stage is built as its file says" container_is_built
  check "the folder of the records is the server's own there too" rights /var/lib/skranke 'skranke:skranke 700'
  check "its program starts as its user, and is healthy" container_starts
  check "it is ready" answers /readyz
  check "it ends with code 0 when told" ends_when_told
}

debian=$(mirror Debian)
security=$(mirror Debian-Security)
[ -n "$debian" ] || not_tried "the package: apt knows no Debian here (has it been updated?)"
make_base
clean_debian
"${inside[@]}" apt-get -o APT::Update::Error-Mode=any update >"$log" 2>&1 ||
  not_tried "the package: nothing can be fetched from $debian"
try_install
if [ "$failed" = 0 ]; then
  try_run
  try_upgrade
  try_removal
fi
clean_debian
try_container

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
