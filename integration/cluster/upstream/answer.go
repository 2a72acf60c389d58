package upstream

import (
	"bufio"
	"encoding/json"
	"os"
)

// counts is what is told: the same as the benchmark's Seaway tells.
type counts struct {
	Synced bool `json:"synced"`
	Calls  int  `json:"calls"`
	// Active is when something was done last, in milliseconds since 1970.
	Active int64 `json:"active"`
	// With is how many load balancers have so many nodes.
	With map[int]int `json:"with"`
}

// answer tells the counts for every line, until there are no more.
func answer(cloud *cloud) error {
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := out.Encode(cloud.counts()); err != nil {
			return err
		}
	}
	return nil
}

func (c *cloud) counts() counts {
	c.lock.Lock()
	defer c.lock.Unlock()
	with := map[int]int{}
	for _, targets := range c.targets {
		with[targets]++
	}
	return counts{true, c.calls, c.active.UnixMilli(), with}
}
