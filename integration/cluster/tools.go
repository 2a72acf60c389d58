package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// tools are the commands that kube-proxy and the machines call, with the Debian packages of them.
var tools = map[string]string{"nft": "nftables"}

// checkTools names what is missing, with the command that brings it.
func checkTools() error {
	var commands, packages []string
	for command, from := range tools {
		if _, err := exec.LookPath(command); err != nil {
			commands, packages = append(commands, command), append(packages, from)
		}
	}
	if len(commands) == 0 {
		return nil
	}
	return fmt.Errorf("%s is not here: apt-get install --no-install-recommends %s",
		strings.Join(commands, ", "), strings.Join(packages, " "))
}
