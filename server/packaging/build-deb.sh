#!/bin/sh
# Makes the Debian package of the central store from a program that is built already.
#   build-deb.sh PROGRAM FOLDER     writes FOLDER/skranke-server_VERSION_ARCHITECTURE.deb and prints its path
set -eu
program=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
version=$("$program" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
install -D -m 755 "$program" "$tree/usr/bin/skranke-server"
install -D -m 644 "$here/skranke-server.service" "$tree/lib/systemd/system/skranke-server.service"
install -D -m 640 "$here/server.toml" "$tree/etc/skranke/server.toml"
install -D -m 644 "$here/../src/store/postgres/roles.sql" "$tree/usr/share/skranke/roles.sql"
install -D -m 644 "$here/debian/copyright" "$tree/usr/share/doc/skranke-server/copyright"
install -d -m 755 "$tree/DEBIAN"
for script in postinst prerm postrm; do
  install -m 755 "$here/debian/$script" "$tree/DEBIAN/$script"
done
echo /etc/skranke/server.toml > "$tree/DEBIAN/conffiles"
size=$(du -sk "$tree" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
  "$here/debian/control" > "$tree/DEBIAN/control"

mkdir -p "$folder"
package=$folder/skranke-server_${version}_$architecture.deb
dpkg-deb --root-owner-group ${DEB_COMPRESSION:+-Z"$DEB_COMPRESSION"} --build "$tree" "$package" >/dev/null
echo "$package"
