#!/bin/sh
# Ansible, as a good user sets it up: see rivals.rs.
set -eu
export ANSIBLE_HOST_KEY_CHECKING=true ANSIBLE_PIPELINING=true ANSIBLE_FORKS=50 ANSIBLE_NOCOLOR=1 ANSIBLE_HOME="$FLEET/ansible"
export ANSIBLE_SSH_ARGS="-F $FLEET/ssh_config -o ControlMaster=auto -o ControlPersist=600"
export ANSIBLE_SSH_CONTROL_PATH="$FLEET/a-%%h" ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3
play() {
  {
    printf '%s\n' '- hosts: all' '  gather_facts: false' '  tasks:'
    n=0
    while [ "$n" -lt "$1" ]; do
      printf '%s\n' '    - ansible.builtin.command: "true"' '      changed_when: false'
      n=$((n + 1))
    done
  } >"$FLEET/play.yml"
  "$VENV/bin/ansible-playbook" -i "$FLEET/hosts" "$FLEET/play.yml" >"$FLEET/ansible.log" 2>&1 || {
    tail -n 20 "$FLEET/ansible.log"
    exit 1
  }
}
case $1 in
  missing) [ -x "$VENV/bin/ansible-playbook" ] || echo ansible-core ;;
  connect) "$VENV/bin/ansible" -i "$FLEET/hosts" all -m raw -a true >"$FLEET/ansible.log" 2>&1 || { tail -n 20 "$FLEET/ansible.log"; exit 1; } ;;
  steps) play "$2" ;;
  close)
    for socket in "$FLEET"/a-*; do
      [ ! -S "$socket" ] || ssh -F "$FLEET/ssh_config" -o ControlPath="$socket" -O exit any 2>/dev/null || :
    done
    ;;
esac
