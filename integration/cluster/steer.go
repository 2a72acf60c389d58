package main

import (
	"fmt"
	"net/netip"

	"seaway.dev/cluster/network"
)

// steer has a node get what is for an address, or, without arguments, none any more for any.
func steer(arguments []string) (int, error) {
	if len(arguments) != 0 && len(arguments) != 2 {
		return 2, fmt.Errorf("steer what to whom? seaway-cluster steer 203.0.113.1 %s",
			network.Node(1).V4.Addr())
	}
	// Outside of a cell there is no such switch, and so nothing is changed there.
	here, err := network.Here()
	if err != nil {
		return 1, err
	}
	defer here.Close()
	if len(arguments) == 0 {
		return 0, here.Unsteer(switchName)
	}
	var pair [2]netip.Addr
	for place, text := range arguments {
		if pair[place], err = netip.ParseAddr(text); err != nil {
			return 2, err
		}
	}
	return 0, here.Steer(switchName, pair[0], pair[1])
}
