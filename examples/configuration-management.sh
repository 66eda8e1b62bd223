#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# configuration-management.sh SECRETS: brings the system's store into the
# state that is written below, with the secrets that lie in the directory
# SECRETS, a file for each.  Prints "changed" or "unchanged"; may be run as
# often as you like.  As a task of Ansible:
#
#     - script: configuration-management.sh /root/secrets
#       register: result
#       changed_when: result.stdout_lines[-1] == "changed"

set -eu

secrets=$1
result=unchanged

# The last word that tokenward prints says whether anything was done.
ensure() {
	said=$(tokenward --system --no-input --quiet "$@")
	case $said in
	unchanged) ;;
	*) result=changed ;;
	esac
}

# credential NAME OPTION...: is there, with these fields and this secret.
credential() {
	name=$1
	shift
	ensure add "$name" --update --secret-file "$secrets/$name" "$@"
}

ensure init --if-missing

credential shop \
	--provider tiki --auth post --client-id 5873214906 \
	--owner ops@example.org
credential analyzer \
	--provider netwrix-access-analyzer --auth post \
	--set origin=https://aa.example:8082 --client-id 7f2f6c1e \
	--lifetime 30d --owner ops@example.org --warn 3d

ensure remove old-shop --if-present

echo "$result"
